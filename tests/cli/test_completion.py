"""What a shell completes, asked as the shell asks, and once by a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from runner_core.cli.completion import complete_brains
from runner_core.cli.main import cli
from runner_core.testing import registry_of

DEMO = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RUNNER_STORES", raising=False)
    place = tmp_path / "work"
    (place / "models" / "cats").mkdir(parents=True)
    for name in ("cats.onnx", "clip.mp4", "notes.md", ".hidden.onnx", "models/cats/brain.json", "models/dogs.pb"):
        (place / name).touch()
    monkeypatch.chdir(place)
    return place


def complete(line: str) -> list[str]:
    *words, begun = line.split(" ")
    return [item.value for item in BashComplete(cli, {}, "runner", "_RUNNER_COMPLETE").get_completions(words, begun)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("pre", ["predict"]),
        ("help ins", ["inspect"]),
        ("run clip.mp4 --brain pa", ["page"]),
        ("run clip.mp4 --brain c", ["cats.onnx"]),
        ("run clip.mp4 -b mod", [str(Path("models/cats/")) + os.sep, str(Path("models/dogs.pb"))]),
        ("run cl", ["clip.mp4"]),
        ("run webc", ["webcam"]),
        ("run dem", ["demo:"]),
        ("run clip.mp4 --brain page --sink co", ["coco:"]),
        ("run clip.mp4 --engine onn", ["onnx"]),
        ("run clip.mp4 --engine au", ["auto"]),
        ("predict x --task movene", ["movenet"]),
        ("predict not", ["notes.md"]),
        ("push page --to fold", ["folder:"]),
        ("pull gra", ["graphs"]),
        ("run clip.mp4 --max", ["--max-det"]),
    ],
)
def test_what_is_begun_is_completed(line, found):
    assert complete(line) == found


def test_of_a_store_only_what_is_here_is_completed(monkeypatch):
    monkeypatch.setenv("RUNNER_STORES", "team=http:https://models.invalid near=folder:models")
    assert complete("pull ") == ["cats.onnx", "models/", "graphs", "page"]
    assert complete("push page --to te") == ["team"]


def test_what_is_wrong_in_a_file_completes_nothing_and_prints_nothing(folder, capfd):
    (folder / "runner.toml").write_text("cnof = 1\n")
    assert complete("run x --brain pag") == []
    assert complete("run x --engine onn") == ["onnx"]
    assert capfd.readouterr() == ("", "")


def test_commands_are_completed_without_being_imported():
    with registry_of():
        assert complete("d") == ["data", "doctor"]


def test_every_option_of_a_brain_is_completed_alike():
    for command in cli.list_commands(None):
        for parameter in cli.get_command(None, command).params:
            if parameter.name in ("brain", "brains") and command != "brains":
                assert parameter._custom_shell_complete is complete_brains, command


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_a_real_bash_completes(folder):
    script = """
    eval "$(_RUNNER_COMPLETE=bash_source runner)" || exit 1
    COMP_WORDS=(runner run clip.mp4 --brain pa) COMP_CWORD=4
    _runner_completion runner && echo "${COMPREPLY[@]}"
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["page"], done.stderr
