"""The command line as a whole: its help, its hints, its exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner_core.cards.card import Card
from runner_core.cli import main as module
from runner_core.cli.main import COMMANDS, SECTIONS, main
from runner_core.errors import EngineError
from runner_core.plugin import Plugin
from runner_core.testing import registry_of

CARD = Card("page", "boxes-scores")
PICTURE = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures" / "2-one.jpg"


def run_command(capfd, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return stop.value.code, *capfd.readouterr()


def test_help_shows_every_command_once_in_its_section(capfd):
    with registry_of(commands=[Plugin("demo", "x:y", "Show it."), Plugin("zebra", "x:y", "Stripes.")]):
        code, out, _ = run_command(capfd, "--help")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    shown = [line[0] for line in lines if line and line[0] in {*COMMANDS, "demo", "zebra"}]
    assert sorted(shown) == sorted({*COMMANDS, "demo", "zebra"})
    assert shown[-1] == "zebra"  # what no section has comes last
    order = [name for names in SECTIONS.values() for name in names]
    assert shown[:-1] == [name for name in order if name in shown]


@pytest.mark.parametrize("words", [["run"], ["brains"], ["brains", "prune"]])
def test_help_of_a_command_is_what_its_option_shows(words, capfd):
    code, shown, _ = run_command(capfd, "help", *words)
    assert code == 0
    assert shown == run_command(capfd, *words, "--help")[1]
    assert shown.startswith(f"Usage: runner {' '.join(words)} ")


def test_help_alone_is_that_of_runner(capfd):
    assert run_command(capfd, "help") == run_command(capfd, "--help")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pul"], "No such command 'pul'. Did you mean pull?"),
        (["pull", "page"], "`runner pull` has no commands."),
        (["brains", "purge"], "No such command 'purge'."),
    ],
)
def test_help_of_a_command_that_there_is_not(words, message, capfd):
    code, _, err = run_command(capfd, "help", *words)
    assert code == 2
    assert message in err


def test_training_is_said_to_need_a_plugin_until_one_is_there(capfd):
    told = "`runner train` needs a trainer, and none is installed."
    with registry_of():
        assert told in " ".join(run_command(capfd, "--help")[1].split())
    with registry_of(trainers=[Plugin("keras", "x:y", "Keras")]):
        assert "needs a trainer" not in run_command(capfd, "--help")[1]


def test_the_package_runs_as_the_command(tmp_path):
    command = [sys.executable, "-m", "runner_core", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("runner, version ")


@pytest.mark.parametrize("arguments", [["--debug", "boom"], ["boom", "--debug"]])
def test_debug_may_stand_anywhere(arguments, monkeypatch, capfd):
    monkeypatch.setitem(module.COMMANDS, "boom", (f"{__name__}:boom", "Fails."))
    code, out, err = run_command(capfd, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("Traceback ")
    assert err.endswith("EngineError: no such thing; do another\n")


def boom(*_, **__):
    raise EngineError("no such thing", remedy="do another")


def test_a_name_in_a_traceback_acts_on_no_terminal(monkeypatch, capfd):
    monkeypatch.setitem(module.COMMANDS, "boom", (f"{__name__}:boom", "Fails."))
    monkeypatch.setattr(EngineError, "__str__", lambda _: "\x1b[2J")
    assert "\\u001b[2J" in run_command(capfd, "--debug", "boom")[2]


boom.main = boom.make_context = boom


def test_an_error_is_one_line_with_its_remedy(monkeypatch, capfd):
    monkeypatch.setitem(module.COMMANDS, "boom", (f"{__name__}:boom", "Fails."))
    assert run_command(capfd, "boom") == (1, "", "runner: no such thing; do another\n")


@pytest.mark.parametrize(
    ("word", "message"),
    [("predit", "Did you mean predict?"), ("demo", "`pip install runner-demo` adds it."), ("xyzzy", "'xyzzy'.")],
)
def test_a_command_that_there_is_not(word, message, capfd):
    with registry_of():
        code, _, err = run_command(capfd, word)
    assert code == 2
    assert err.rstrip().endswith(message)


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", PICTURE, "--brain", "missing.pb"],
        ["inspect", "missing.pb"],
        ["export", "missing.pb", "--to", "onnx"],
        ["verify", "missing.pb", PICTURE],
        ["bench", "missing.pb"],
        ["push", "missing.pb", "--to", "folder:shelf"],
        ["lock", "missing.pb"],
        ["pull", "missing.pb"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_model_that_is_not_there_is_wrong_use_of_every_command(arguments, runner, tmp_path):
    done = runner(*arguments)
    assert done.returncode == 2
    assert (
        done.stderr == "runner: missing.pb: no such file or folder; check the path; `runner brains` lists the names\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["run", "predict", "bench", "verify"])
def test_help_shows_what_counts_by_default(command, capfd):
    code, out, _ = run_command(capfd, command, "--help")
    assert code == 0
    text = " ".join(out.split())
    assert (
        f"By default the card's; without a card, the usual one of the model's family: {CARD.threshold} for most" in text
    )
    assert command == "verify" or f"the card's, or {CARD.iou}." in text


def test_who_benches_a_source_and_no_brain_is_reported_how(runner):
    done = runner("bench", PICTURE.parent)
    assert done.returncode == 2
    assert "no installed engine opens this folder" in done.stderr
    assert "to time a run over a source, give --brain" in done.stderr


WAITING = """
import atexit, sys, threading, time
from runner_core.cli.main import main

class Last:
    def __del__(self):  # of a module's global: Python's shutdown calls it
        sys.__stderr__.write("shut down")

last = Last()
atexit.register(print, "at exit")
threading.Thread(target=time.sleep, args=(600,), name="NAME", daemon=True).start()
sys.argv = ["runner", "plugins"]
main()
"""


@pytest.mark.parametrize(("name", "shut_down"), [("runner-reader camera", False), ("another", True)])
def test_a_thread_that_waits_in_a_library_does_not_outlive_python(name, shut_down):
    """It would call into a Python that is not there any more: of forty Ctrl-C, one crashed."""
    command = [sys.executable, "-c", WAITING.replace("NAME", name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0
    assert done.stdout.startswith("engines:")
    assert done.stdout.endswith("at exit\n")
    assert ("shut down" in done.stderr) == shut_down
