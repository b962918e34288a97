"""``runner new-plugin``: a distribution with one working example, written from the files in ``template``.

Each file there is a text with ``@NAMES@`` to be filled in; it ends in ``.in``, as it is no Python before that.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

from runner_core.cli.main import COMMANDS
from runner_core.cli.options import HomePath
from runner_core.discovery.catalog import DISTRIBUTIONS, find_distribution
from runner_core.discovery.choices import normalise_name
from runner_core.discovery.registry import get_registry
from runner_core.errors import UsageError

CORE = "runner-core{extras}>=0.1,<0.2"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Example(NamedTuple):
    """What the example of one kind is: the summary, what its name ends in, its claims, what it needs, and its tests."""

    summary: str
    ends: str
    claims: str = "()"
    needs: tuple[str, ...] = ("numpy",)
    extras: str = ""


EXAMPLES = {
    "task": Example("peaks of a map of scores", "", needs=("attrs", "numpy")),
    "engine": Example("one layer of weights", "Engine", '(".@PLUGIN@",)'),
    "source": Example("the pictures in a ZIP archive", "Source", needs=()),
    "store": Example("a folder of NAME@VERSION.zip", "Store", needs=()),
    "sink": Example("a folder of pictures for each label", "Sink", needs=()),
    "trainer": Example(
        "the mean colour of each class", "Trainer", '("classification",)', ("numpy", "onnx"), "[data,onnx]"
    ),
    "dataset": Example("boxes in a file of CSV", "Format", needs=("attrs",)),
    "command": Example("count the labels in answers", "", needs=("click",)),
}


@click.command("new-plugin")
@click.argument("name")
@click.option("--kind", type=click.Choice(list(EXAMPLES)), required=True, help="What it adds to runner.")
@click.option(
    "--into",
    type=HomePath(path_type=Path),
    default=".",
    metavar="DIR",
    help="Where its folder is made; by default here.",
)
def command(name: str, kind: str, into: Path) -> int:
    """Write a plugin: a distribution called NAME with one working example, its tests, and what publishes it."""
    folder = into / name
    check_name(name, kind)
    if folder.exists():
        raise UsageError(f"{folder}: is there already", remedy="give another name, or --into another folder")
    try:
        write_whole(folder, write_plugin(name, kind))
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from error
    click.echo(
        f"wrote {folder}; its {kind} works, and is to be replaced by yours: src/{name.replace('-', '_')}/{kind}.py"
    )
    click.echo(f'next:\n  cd {folder}\n  pip install -e ".[test]"\n  pytest')
    return 0


def check_name(name: str, kind: str) -> None:
    """Raises UsageError for what is no name of a distribution, and for one that somebody has."""
    package, plugin = name.replace("-", "_"), name_plugin(name)
    if not _NAME.fullmatch(name) or keyword.iskeyword(package) or package in sys.stdlib_module_names:
        raise UsageError(f"{name!r} is no name of a plugin", remedy="write it such as acme-centres: a-z, 0-9, hyphens")
    ours = {one for words in DISTRIBUTIONS.values() for one in words.values()} | {"runner-core", "runner"}
    if name in ours:
        raise UsageError(f"{name} is a distribution of this project", remedy="give another name")
    owner = find_distribution(f"{kind}s", plugin) or ("runner-core" if kind == "command" and plugin in COMMANDS else "")
    if owner:
        raise UsageError(f"{owner} has a {kind} named {plugin!r}", remedy="give another name")
    found = get_registry().all(f"{kind}s").get(plugin)
    try:
        there = distribution(name).name
    except PackageNotFoundError:
        there = found.distribution if found else ""
    if there:
        raise UsageError(f"{there} is installed, and has that name", remedy="give another name")


def write_whole(folder: Path, texts: Mapping[str, str]) -> None:
    """Writes all files, or none. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=folder.parent) as made:
        place = Path(made) / folder.name
        for path, text in texts.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text, encoding="utf-8")
        place.rename(folder)


def name_plugin(name: str) -> str:
    """What a person types: ``centres`` of the distribution ``runner-centres``."""
    return normalise_name(name).removeprefix("runner-")


def write_plugin(name: str, kind: str) -> dict[str, str]:
    """The files of the distribution by their paths."""
    package, plugin, example = name.replace("-", "_"), name_plugin(name), EXAMPLES[kind]
    function, title = plugin.replace("-", "_"), "".join(word.capitalize() for word in plugin.split("-"))
    core, tests = CORE.format(extras=""), [CORE.format(extras=example.extras)] if example.extras else []
    words = {
        "CLAIMS": example.claims, "SUMMARY": example.summary, "DIST": name, "PACKAGE": package, "PLUGIN": plugin,
        "KIND": kind, "CLASS": title,
        "PART": "command" if kind == "command" else f"{title}{example.ends}",
        "NEEDS": ", ".join(f'"{each}"' for each in (core, *example.needs)),
        "TESTS": ", ".join(f'"{each}"' for each in (*tests, "pytest>=8")),
    }  # fmt: skip
    places = {
        "pyproject.toml": "common/pyproject.toml", "README.md": "common/README.md", "LICENSE": "common/LICENSE",
        ".github/workflows/test.yml": "common/test.yml", f"src/{package}/plugin.py": "common/plugin.py",
        f"src/{package}/{kind}.py": f"{kind}/part.py", f"tests/test_{function}.py": f"{kind}/test.py",
    }  # fmt: skip
    return {f"src/{package}/__init__.py": ""} | {path: _fill(place, words) for path, place in places.items()}


def _fill(place: str, words: dict[str, str]) -> str:
    text = (
        files("runner_core.cli").joinpath("template", *PurePosixPath(f"{place}.in").parts).read_text(encoding="utf-8")
    )
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text
