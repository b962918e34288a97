"""docs/how-to/train-a-brain.md runs as it is written, with a small trainer and its kind in place of the page's."""

import doctest
import re
import shlex
import shutil
from functools import lru_cache
from pathlib import Path

import pytest
from colours import draw_colours, install_colours

from runner_core.discovery import registry

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "train-a-brain.md"
TEXT = PAGE.read_text(encoding="utf-8").replace("object-detection", "classification")
FENCES = re.findall(r"^```(console|python)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    draw_colours(tmp_path / "cups")
    shutil.copy(tmp_path / "cups" / "red" / "000.png", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return install_colours(tmp_path / "plugin")


def test_the_page_works(runner, plugin, tmp_path, monkeypatch, capfd):
    names: dict[str, object] = {}
    ran = []
    for language, text in FENCES:
        if language == "python":
            run_script(text, names, plugin, monkeypatch, tmp_path)
            continue
        for command, told in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", text, re.MULTILINE):
            done = runner(*shlex.split(command)[1:], **plugin)
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
            assert doctest.OutputChecker().check_output(told, done.stdout, LOOSELY), f"{command}: {done.stdout}"
            ran.append(command.split()[1])
    assert ran == ["data", "train", "train", "brains", "run", "push", "brains", "train"]
    assert [names[name].version for name in ("brain", "better")] == ["2", "3"]
    assert names["brain"].predict("photo.jpg")[0].label == "red"


def run_script(text, names, plugin, monkeypatch, folder):
    """With the plugin that commands have by PYTHONPATH."""
    with monkeypatch.context() as patch:
        for name, value in plugin.items():
            patch.setenv(name, value)
        patch.syspath_prepend(plugin["PYTHONPATH"])
        patch.setenv("RUNNER_HOME", str(folder / "home"))
        patch.setattr(registry, "_load_installed", lru_cache(registry._load_installed.__wrapped__))
        exec(compile(text, str(PAGE), "exec"), names)
