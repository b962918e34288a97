"""Fixtures for every test of the repository."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Tests that call ONNX Runtime directly send no usage reports either.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

Runner = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def listeners() -> Iterator[None]:
    """A command that runs in this process says what is logged, and nobody does once its test is over."""
    log = logging.getLogger("runner")
    handlers, level = log.handlers[:], log.level
    yield
    log.handlers[:] = handlers
    log.setLevel(level)


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real models and pictures, which lies beside the project and is never part of it."""
    default = Path(__file__).parent.parent / "shared" / "testdata"
    folder = Path(os.environ.get("RUNNER_TESTDATA") or default)
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}: set RUNNER_TESTDATA")
    return folder


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """``runner(*arguments)``: the command line in a process of its own, in an empty folder with an empty cache."""

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runner_core.cli.main", *map(str, arguments)],
            check=False, cwd=tmp_path, text=True, capture_output=True, timeout=240,
            env={**os.environ, "RUNNER_HOME": str(tmp_path / "home"), **environment},
        )  # fmt: skip

    return call
