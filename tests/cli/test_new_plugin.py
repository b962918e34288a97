"""``runner new-plugin``: one of each kind is written, installed by pip and tested, all in one go."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runner_core.cli.new_plugin import EXAMPLES, write_plugin

ROOT = Path(__file__).parents[2]
PAGES = {
    "task": ("write-a-task", "peaks"),
    "engine": ("write-an-engine", "linear"),
    "source": ("write-a-source", "zip"),
    "sink": ("write-a-sink", "albums"),
    "store": ("write-a-store", "archives"),
    "trainer": ("write-a-trainer", "colours"),
}


def call(*words: str | Path, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A plugin of each kind, as the command writes it."""
    folder = tmp_path_factory.mktemp("made")
    for kind in EXAMPLES:
        for path, text in write_plugin(f"acme-{kind}-x", kind).items():
            target = folder / f"acme-{kind}-x" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def installed(made) -> Path:
    """Where pip has put all of them, without a registry."""
    place = made / "installed"
    pip = ("-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-index", "--no-deps")
    done = call(*pip, "--no-build-isolation", "--target", place, *sorted(made.glob("acme-*")))
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def test_one_of_each_kind_installs_and_passes_its_own_tests(made, installed):
    """In one process: each has a test file and a package of its own."""
    pytest_ = ("-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:randomly", "-p", "no:cacheprovider")
    done = call(*pytest_, "--rootdir", made, *sorted(made.glob("acme-*/tests")), PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stdout
    assert re.search(r"^1\d\d passed", done.stdout, re.MULTILINE)


def test_runner_lists_one_of_each_kind(installed, tmp_path):
    listed = call("-m", "runner_core.cli.main", "plugins", PYTHONPATH=str(installed), COLUMNS="200")
    assert listed.returncode == 0, listed.stderr
    for kind, example in EXAMPLES.items():
        assert f"{example.summary} [acme-{kind}-x 0.1.0]" in " ".join(listed.stdout.split())


@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_is_made_reads_as_this_repository_likes_it(made, kind):
    for words in (("check",), ("format", "--diff")):
        done = call("-m", "ruff", *words, "--config", ROOT / "pyproject.toml", ".", folder=made / f"acme-{kind}-x")
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", PAGES)
def test_the_page_of_a_kind_explains_the_example_that_is_written(kind):
    page, name = PAGES[kind]
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    path = f"src/runner_{name}/{kind}.py"
    assert f'title="{path}"\n{write_plugin(f"runner-{name}", kind)[path]}```' in text
    assert f"`runner new-plugin runner-{name} --kind {kind}`" in text


def test_the_command_writes_a_folder_and_says_what_comes_next(runner, tmp_path):
    done = runner("new-plugin", "acme-centres", "--kind", "task", "--into", str(tmp_path / "there"))
    folder = tmp_path / "there" / "acme-centres"
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "next:", f"  cd {folder}", '  pip install -e ".[test]"', "  pytest"
    ]  # fmt: skip
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert written == set(write_plugin("acme-centres", "task"))
    assert "runner-core>=0.1,<0.2" in (folder / "pyproject.toml").read_text(encoding="utf-8")
    again = runner("new-plugin", "acme-centres", "--kind", "sink", "--into", str(tmp_path / "there"))
    assert again.returncode == 2
    assert "acme-centres: is there already" in again.stderr
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["acme-centres"]


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("Acme", "task", "'Acme' is no name of a plugin; write it such as acme-centres"),
        ("acme_x", "task", "'acme_x' is no name of a plugin"),
        ("../acme", "task", "'../acme' is no name of a plugin"),
        ("class", "task", "'class' is no name of a plugin"),
        ("json", "task", "'json' is no name of a plugin"),
        ("runner-onnx", "task", "runner-onnx is a distribution of this project"),
        ("yolo", "task", "runner-detection has a task named 'yolo'"),
        ("runner-train", "command", "runner-train is a distribution of this project"),
        ("verify", "command", "runner-core has a command named 'verify'"),
        ("numpy", "engine", "numpy is installed, and has that name"),
    ],
)
def test_a_name_that_is_bad_or_taken_is_refused_and_nothing_is_written(runner, tmp_path, name, kind, said):
    refused = runner("new-plugin", name, "--kind", kind, "--into", str(tmp_path / "into"))
    assert refused.returncode == 2
    assert said in refused.stderr
    assert not (tmp_path / "into").exists()
