"""Files at which an engine's own code dies: opened in a child process first."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import exported_models
import fragile_engine
import pytest
from fragile_engine import FRAGILE

from runner_core.contracts import HasFragile
from runner_core.discovery.registry import get_registry
from runner_core.errors import EngineError
from runner_core.loading import crash_probe
from runner_core.project import open_brain
from runner_core.testing.fakes import FAKE_TASK
from runner_core.testing.registries import registry_of
from runner_core.util import home as home_module

SCRIPT = """
print("begun")
from fragile_engine import FRAGILE
from runner_core import open_brain
from runner_core.errors import EngineError
from runner_core.testing.fakes import FAKE_TASK
from runner_core.testing.registries import registry_of

with registry_of(engines=[FRAGILE], tasks=[FAKE_TASK]):
    for name in ("fine", "crash"):
        try:
            open_brain(f"{name}.frail").close()
            print("opened")
        except EngineError as error:
            print(error.message)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(fragile_engine.PARENT, str(os.getpid()))
    return tmp_path / "home"


@pytest.fixture
def write(tmp_path):
    return lambda says, suffix=".frail": write_model(tmp_path / f"model{suffix}", says)


@pytest.fixture
def opened(tmp_path):
    """Who opened models since this was asked last, in order."""

    def take():
        note = tmp_path / "opened"
        found = note.read_text().split() if note.exists() else []
        note.unlink(missing_ok=True)
        return found

    return take


@pytest.fixture(autouse=True)
def fragile():
    with registry_of(engines=[FRAGILE], tasks=[FAKE_TASK]):
        yield


def write_model(path, says):
    path.write_text(says)
    return path


@pytest.mark.parametrize(
    ("says", "end"), [("crash", "died of it (SIGSEGV)"), ("crash when run", "died of it (SIGABRT)")]
)
def test_a_child_dies_in_place_of_this_process(says, end, write, opened, home):
    model = write(says)
    for _ in range(2):  # a fault is not remembered: the next file of this name may be whole, and so may the machine
        with pytest.raises(EngineError) as caught:
            open_brain(model)
        assert str(caught.value) == (
            f"{model}: engine fragile {end}, in the child process that opens such a file first; it is damaged or "
            f"hostile: fetch it again, or try another engine by --engine"
        )
    assert opened() == ["child", "child"]
    assert not (home / crash_probe.PROBED_FILE).exists()


def test_a_child_that_never_ends_is_ended(write, opened, monkeypatch):
    monkeypatch.setattr(crash_probe, "LIMIT", 5.0)
    with pytest.raises(EngineError, match=r"engine fragile did not end within 5 s, in the child process that opens"):
        open_brain(write("hang"))
    assert "parent" not in opened()


def test_what_went_well_is_remembered_by_its_contents(write, opened, home):
    model = write("fine")
    for expected in (["child", "parent"], ["parent"]):
        open_brain(model).close()
        assert opened() == expected
    (home.parent / "moved").mkdir()
    open_brain(shutil.copy(model, home.parent / "moved")).close()
    assert (home.parent / "moved" / "opened").read_text().split() == ["parent"]
    ((key, name),) = json.loads((home / crash_probe.PROBED_FILE).read_text()).items()
    assert name == "model.frail"
    assert " | fragile | " in key
    open_brain(write("fine, too")).close()
    assert opened() == ["child", "parent"]


def test_a_file_that_changes_meanwhile_is_not_remembered(write, opened, home, monkeypatch):
    model, run = write("fine"), crash_probe._open_in_child

    def run_and_change(*given):
        found = run(*given)
        write("fine, too")
        return found

    monkeypatch.setattr(crash_probe, "_open_in_child", run_and_change)
    open_brain(model).close()
    assert not (home / crash_probe.PROBED_FILE).exists()


def test_a_refusal_is_told_by_the_engine_itself(write, opened):
    with pytest.raises(EngineError, match=r"model\.frail: it says 'refuse'"):
        open_brain(write("refuse"))
    assert opened() == ["child", "parent"]


def test_neither_another_format_nor_a_trusted_file_is_probed(write, opened):
    open_brain(write("fine", ".sound")).close()
    open_brain(write("fine"), trust=True).close()
    assert opened() == ["parent"]  # what is trusted is opened as a copy elsewhere


@pytest.mark.parametrize("place", ["cannot be written", "is not there"])
def test_without_a_home_it_is_probed_each_time(place, write, opened, tmp_path, monkeypatch):
    if place == "is not there":
        monkeypatch.delenv("RUNNER_HOME")
        monkeypatch.setattr(home_module.platformdirs, "user_cache_path", raise_no_home)
    else:
        (tmp_path / "file").touch()
        monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "file" / "home"))
    for _ in range(2):
        open_brain(write("fine")).close()
        assert opened() == ["child", "parent"]


def raise_no_home(*_args, **_choices):
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("python", ["", "/no/such/python", shutil.which("true")])
def test_where_no_child_can_be_started_a_warning_says_so(python, write, opened, caplog, monkeypatch):
    monkeypatch.setattr(sys, "executable", python)
    for _ in range(2):  # nothing is remembered
        open_brain(write("fine")).close()
        assert opened() == ["parent"]
    assert caplog.text.count("model.frail: no child process can open it first (") == 2


def test_a_program_that_is_its_own_python_is_not_started_again(write, opened, caplog, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    open_brain(write("fine")).close()
    assert opened() == ["parent"]
    assert "(there is no Python to start)" in caplog.text


@pytest.mark.parametrize("typed", [["script.py"], ["-c", SCRIPT], ["-"]], ids=lambda typed: typed[0])
def test_the_program_around_it_is_not_run_again(typed, tmp_path):
    """Nor does it need to guard its main part, or to be a file."""
    for name in ("fine", "crash"):
        write_model(tmp_path / f"{name}.frail", name)
    (tmp_path / "script.py").write_text(SCRIPT)
    helpers = str(Path(fragile_engine.__file__).parent)
    environment = {**os.environ, "PYTHONPATH": helpers, fragile_engine.PARENT: "none: the harm would be done"}
    done = subprocess.run(
        [sys.executable, *typed],
        cwd=tmp_path,
        env=environment,
        input=SCRIPT,
        capture_output=True,
        text=True,
        check=True,
    )
    begun, opened, fault = done.stdout.splitlines()
    assert (begun, opened) == ("begun", "opened")
    assert "died of it (SIGSEGV)" in fault


def test_openvino_and_a_damaged_index_of_variables(tmp_path, fragile):
    keras = exported_models.import_keras()
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])
    model.export(tmp_path / "model", verbose=False)
    index = tmp_path / "model" / "variables" / "variables.index"
    data = index.read_bytes()
    index.write_bytes(data[:-79] + bytes(30) + data[-49:])  # the block that tells where the others are
    with (
        registry_of("runner_openvino.plugin", "runner_classification.plugin"),
        pytest.raises(EngineError, match=r"model: engine openvino died of it \(SIG"),
    ):
        open_brain(tmp_path / "model")


def test_what_is_fragile_is_claimed():
    with registry_of("runner_openvino.plugin", "runner_litert.plugin", "runner_tensorflow.plugin"):
        for found in get_registry().all("engines").values():
            engine = found.load()()
            assert isinstance(engine, HasFragile)
            assert set(engine.fragile) <= set(found.plugin.claims)
