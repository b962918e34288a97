"""Fixtures for every test of the repository."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import settings

from runner_core.cli.console import MessageHandler
from runner_core.cli.main import main
from runner_core.discovery import registry
from runner_core.discovery.entry_points import LOAD_VARIABLE

# Tests that call ONNX Runtime directly send no usage reports either.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# In the background of a shell a process ignores Ctrl-C, under `nohup` a terminal that closes; so would all that tests
# start and stop.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (getattr(signal, "SIGHUP", None), signal.SIGTERM):
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

# Property tests see the same examples on every run, and have no time limit, for there are slow machines.
settings.register_profile("runner", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("runner")

Runner = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What gives a random order once more; the header would say it, and `-q` leaves that out."""
    if config.pluginmanager.hasplugin("randomly"):
        terminalreporter.write_line(
            f"once more in this order: -p randomly --randomly-seed={config.getoption('randomly_seed')}"
        )


@pytest.fixture(autouse=True)
def listeners() -> Iterator[None]:
    """A command that runs in this process prints what is logged; after its test, nothing does.

    Nor does one that a fixture of several tests has run before.
    """
    log = logging.getLogger("runner")
    handlers = [handler for handler in log.handlers if not isinstance(handler, MessageHandler)]
    log.handlers[:], level = handlers, log.level
    yield
    log.handlers[:] = handlers
    log.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def no_home_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests without their own home remember (speeds, trust, brains) is kept for this session and process only."""
    os.environ["RUNNER_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real models and pictures, which lies beside the project and is never part of it."""
    default = Path(__file__).parent.parent / "shared" / "testdata"
    folder = Path(os.environ.get("RUNNER_TESTDATA") or default)
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}: set RUNNER_TESTDATA")
    return folder


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real models with right values by direct calls, which lies beside the project."""
    folder = Path(os.environ.get("RUNNER_CASES") or Path(__file__).parent.parent / "shared" / "cases")
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}: set RUNNER_CASES")
    return folder


@pytest.fixture(scope="session")
def real_datasets() -> Path:
    """Labelled photographs beside the repository; tests that need them are skipped where they are not there."""
    folder = Path(os.environ.get("RUNNER_DATASETS") or Path(__file__).parent.parent / "shared" / "datasets")
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: set RUNNER_DATASETS")
    return folder


@pytest.fixture
def runner(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Runner:
    """``runner(*arguments, VARIABLE="value")``: the command line in an empty folder, with an empty cache.

    In this process, which need not import the frameworks again for every command: that takes most of a command's time.
    PYTHONPATH is one folder, whose plugins are installed for the command.
    """

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        typed = list(map(str, arguments))
        with pytest.MonkeyPatch.context() as patch, _forgotten(environment.get("PYTHONPATH")):
            patch.chdir(tmp_path)
            for name, value in {"RUNNER_HOME": str(tmp_path / "home"), **environment}.items():
                patch.setenv(name, value)
            if "PYTHONPATH" in environment:
                patch.syspath_prepend(environment["PYTHONPATH"])
            if {LOAD_VARIABLE, "PYTHONPATH"} & set(environment):  # which are read once in a process
                patch.setattr(registry, "_load_installed", lru_cache(registry._load_installed.__wrapped__))
            capfd.readouterr()
            with pytest.raises(SystemExit) as stop:
                main(typed)
        return subprocess.CompletedProcess(typed, int(stop.value.code or 0), *capfd.readouterr())

    return call


@contextmanager
def _forgotten(folder: str | None) -> Iterator[None]:
    """What is imported from the folder in the block is not there any more after it."""
    yield
    for name, module in list(sys.modules.items()):
        if folder and (getattr(module, "__file__", None) or "").startswith(folder):
            del sys.modules[name]


@pytest.fixture
def runner_process(tmp_path: Path) -> Runner:
    """As ``runner``, in another process: for what only a process shows, and what would end this one."""

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runner_core.cli.main", *map(str, arguments)],
            check=False, cwd=tmp_path, text=True, capture_output=True, timeout=240,
            env={**os.environ, "RUNNER_HOME": str(tmp_path / "home"), **environment},
        )  # fmt: skip

    return call
