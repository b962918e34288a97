"""What a script that uses runner wrongly prints: its own line, and one line with a remedy."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import runner_core
from runner_core import Brain, open_brain
from runner_core.errors import EngineError, PluginError, UsageError
from runner_core.util.tracebacks import keep_tracebacks, shorten_traceback

SRC = Path(runner_core.__file__).parent
HEAD = "from runner_core import Project, open_brain, run, stream\n"


def run_script(tmp_path, line, **environment) -> list[str]:
    (tmp_path / "script.py").write_text(HEAD + line)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, "RUNNER_HOME": str(tmp_path / "home"), **environment},
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('open_brain("pgae")', "did you mean page?"),
        ('open_brain("bad.onnx")', "fetch it again"),  # which ONNX Runtime's own error caused
        ('open_brain("page", cnof=1)', "did you mean conf?"),
        ('Project().get_model(name="pgae")', "did you mean page?"),
        ('open_brain("page", engine="onnx").predict("gone.jpg")', "gone.jpg: no such file"),
        ('list(open_brain("page", engine="onnx").predict_many(["gone.jpg"]))', "gone.jpg: no such file"),
        ('run("gone/", [])', "gone/: no such file or folder"),
        ('list(stream("gone/", []))', "gone/: no such file or folder"),
    ],
)
def test_a_script_prints_its_own_line_and_a_remedy(tmp_path, line, message):
    (tmp_path / "bad.onnx").write_bytes(b"\x08\x07 not a model")
    told = run_script(tmp_path, line)
    assert told[0] == "Traceback (most recent call last):"
    assert message in told[-1]
    files = [row for row in told if row.startswith("  File ")]
    assert [row for row in files if "script.py" in row]
    assert len([row for row in files if str(SRC) in row]) == 1, told
    assert len(told) < 10


def test_with_debug_all_of_it_is_shown(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"\x08\x07 not a model")
    told = run_script(tmp_path, 'open_brain("bad.onnx")', RUNNER_DEBUG="1")
    assert "The above exception was the direct cause of the following exception:" in told
    assert [row for row in told if "loading" in row and row.startswith("  File ")]


def raise_from_cause(kind):
    try:
        raise OSError("inside")
    except OSError as error:
        raise kind("outside", remedy="do another") from error


def test_the_cause_can_still_be_asked_for():
    with pytest.raises(EngineError) as caught:
        shorten_traceback(raise_from_cause)(EngineError)
    error = caught.value
    assert (error.__cause__, error.__suppress_context__) == (None, True)
    assert isinstance(error.__context__, OSError)
    assert len(caught.traceback) == 2


def test_a_plugins_error_is_whole_for_its_author():
    with pytest.raises(PluginError) as caught:
        shorten_traceback(raise_from_cause)(PluginError)
    assert isinstance(caught.value.__cause__, OSError)


def test_in_a_block_that_keeps_them_tracebacks_are_whole():
    with keep_tracebacks(), pytest.raises(UsageError) as caught:
        shorten_traceback(raise_from_cause)(UsageError)
    assert len(caught.traceback) == 4
    assert isinstance(caught.value.__cause__, OSError)


def test_other_errors_are_left_as_they_are():
    def fail():
        return {}["gone"]

    with pytest.raises(KeyError) as caught:
        shorten_traceback(fail)()
    assert len(caught.traceback) == 3


def test_what_is_shortened_keeps_its_name_its_signature_and_its_text():
    assert open_brain.__name__ == "open_brain"
    assert "choices" in inspect.signature(open_brain).parameters
    assert Brain.predict.__doc__.startswith("The answer for a path")
