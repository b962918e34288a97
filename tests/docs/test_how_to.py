"""The tutorials work as they stand: their files are written, their commands run, their output compared.

Only ``pip install`` is not run, as it would fetch a build backend: its effect is written by hand.
"""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import attrs
import pytest

from runner_core.testing import write_distribution

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("write-a*-*.md"))
PICTURES = ROOT / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures"

_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_SAME = doctest.OutputChecker().check_output
_LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@attrs.frozen
class Tutorial:
    """A page: its files by path, its commands with what they are said to print, its tree."""

    files: dict[str, str]
    commands: list[tuple[str, str]]
    tree: str

    @classmethod
    def read(cls, page: Path) -> "Tutorial":
        fences = _FENCE.findall(page.read_text(encoding="utf-8"))
        files = {title: text for _, title, text in fences if title}
        told = "".join(text for language, _, text in fences if language == "console")
        commands = [tuple(part.split("\n", 1)) for part in re.split(r"^\$ ", told, flags=re.MULTILINE) if part]
        return cls(files, commands, next(text for language, _, text in fences if language == "text"))

    def write(self, folder: Path) -> None:
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")

    def install(self, folder: Path) -> None:
        """What pip leaves behind."""
        project = tomllib.loads(self.files["pyproject.toml"])["project"]
        entries = project["entry-points"]["runner"]
        write_distribution(folder / "src", project["name"], {}, entries, version=project["version"])
        for package in (folder / "src").glob("runner_*/plugin.py"):
            package.with_name("__init__.py").touch()


@pytest.fixture(scope="module", params=PAGES, ids=lambda page: page.stem)
def tutorial(request) -> Tutorial:
    return Tutorial.read(request.param)


@pytest.fixture
def folder(tutorial, tmp_path) -> Path:
    tutorial.write(tmp_path)
    tutorial.install(tmp_path)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for picture in sorted(PICTURES.iterdir())[:2]:
        shutil.copy(picture, pictures)
    return tmp_path


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(folder / "src"),
        "RUNNER_HOME": str(folder / "home"),
        "COLUMNS": "200",
    }
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, text=True, capture_output=True, timeout=200, check=False
    )


def test_there_is_a_page_for_each_sort_of_plugin():
    sorts = {"write-a-task", "write-an-engine", "write-a-source", "write-a-sink", "write-a-store", "write-a-trainer"}
    assert sorts == {page.stem for page in PAGES}


def test_the_tree_shows_the_files(tutorial):
    for path in tutorial.files:
        assert Path(path).name in tutorial.tree
        assert str(Path(path).parent).removesuffix(".") in tutorial.tree


def test_the_package_is_the_one_that_is_built(tutorial):
    project = tomllib.loads(tutorial.files["pyproject.toml"])
    (package,) = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert f"{package}/plugin.py" in tutorial.files
    assert project["project"]["dependencies"][0] == "runner-core>=0.1,<0.2"


def test_the_code_is_as_this_repository_likes_it(tutorial, folder):
    for check in ("check", "format --diff"):
        done = shell(f"ruff {check} --config {ROOT / 'pyproject.toml'} src tests", folder)
        assert done.returncode == 0, done.stdout + done.stderr


def typed(command, folder, runner):
    """The command, which needs no shell if it is runner's: then the engines need not be imported again."""
    program, *words = shlex.split(command)
    if program == "runner":
        return runner(*words, PYTHONPATH=str(folder / "src"), COLUMNS="200")
    return shell(command, folder)


def test_the_commands_print_what_the_page_says(tutorial, folder, runner):
    assert any("pytest" in command.split()[:3] for command, _ in tutorial.commands)
    for command, told in tutorial.commands:
        if command.startswith("pip install"):
            continue
        done = typed(command, folder, runner)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert _SAME(told, done.stdout, _LOOSELY), f"{command} printed:\n{done.stdout}\nthe page says:\n{told}"


@pytest.mark.parametrize("name", ["write-a-task", "write-a-store"])
def test_a_plugin_is_short(name):
    files = Tutorial.read(ROOT / "docs" / "how-to" / f"{name}.md").files
    assert sum(len(text.splitlines()) for path, text in files.items() if path.startswith("src")) <= 60


def test_a_task_runs_on_four_engines():
    """The commands themselves are run above."""
    task = Tutorial.read(ROOT / "docs" / "how-to" / "write-a-task.md")
    verify = next(command for command, _ in task.commands if command.startswith("runner verify"))
    assert {"tensorflow", "openvino", "onnx", "litert"} == set(verify.partition("--engines ")[2].strip().split(","))
