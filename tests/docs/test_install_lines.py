"""What pages and messages tell people to install: this project's own distributions, and only of this version."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from runner_core.discovery.catalog import DISTRIBUTIONS

ROOT = Path(__file__).parents[2]
PROJECTS = sorted([ROOT / "pyproject.toml", *ROOT.glob("plugins/runner-*/pyproject.toml")])
OURS = {
    project["name"]: project
    for project in (tomllib.loads(path.read_text(encoding="utf-8"))["project"] for path in PROJECTS)
}
RANGE = "<0.2,>=0.1"
STRANGERS = {"runner", "runner-view"}  # they are other people's on the public index
PLACES = (
    "*.md",
    "docs/**/*.md",
    "plugins/*/*.md",
    "src/**/*.py",
    "plugins/*/src/**/*.py",
    "requirements/*.txt",
    "examples/*.*",
)
TEXTS = sorted(path for place in PLACES for path in ROOT.glob(place))

_LINE = re.compile(r"pip install((?: +(?:'[^'\n]*'|\"[^\"\n]*\"|[\w.\[\],>=<*/-]+))+)")
_RANGED = re.compile(r'"(runner[\w-]*(?:\[[\w,]+\])?[^"\n]*)"')


def list_requirements(text: str) -> list[Requirement]:
    """What the ``pip install`` lines of a text name, without options, files and paths."""
    words = [word.strip("'\"`") for line in _LINE.findall(text) for word in re.findall(r"'[^']*'|\"[^\"]*\"|\S+", line)]
    return [Requirement(word) for word in words if re.match(r"runner[\w-]*(\[|[<>=]|$)", word)]


def find_fault(requirement: Requirement) -> str | None:
    """What is wrong with it as one of this project's; None if nothing is."""
    if requirement.name not in OURS:
        return f"{requirement.name} is not ours"
    known = OURS[requirement.name].get("optional-dependencies", {})
    unknown = requirement.extras - set(known)
    return f"{requirement.name} has no extra {', '.join(sorted(unknown))}" if unknown else None


def test_no_distribution_has_a_name_that_is_a_strangers():
    assert STRANGERS & set(OURS) == set()


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("pip install runner", ["runner is not ours"]),
        ("`pip install 'runner-core[nothing]' numpy`", ["runner-core has no extra nothing"]),
        ("pip install runner-onnx runner-view", ["runner-view is not ours"]),
        ("pip install 'runner-core[onnx]' -r requirements/onnx.txt", []),
    ],
)
def test_a_line_that_names_a_stranger_is_found(line, faults):
    assert [fault for fault in map(find_fault, list_requirements(line)) if fault] == faults


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_lines_name_our_own_distributions(path):
    found = list_requirements(path.read_text(encoding="utf-8"))
    assert [fault for fault in map(find_fault, found) if fault] == []


def test_there_are_lines_to_hold():
    assert sum(len(list_requirements(path.read_text(encoding="utf-8"))) for path in TEXTS) > 10


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_a_distribution_asks_for_this_version_of_the_others(path):
    project = OURS[tomllib.loads(path.read_text(encoding="utf-8"))["project"]["name"]]
    extras = project.get("optional-dependencies", {}).values()
    asked = [*project["dependencies"], *(part for parts in extras for part in parts)]
    ours = [each for each in map(Requirement, asked) if each.name.startswith("runner")]
    assert [str(each) for each in ours if find_fault(each)] == []
    own = project["name"]
    assert [str(each) for each in ours if each.name != own and str(each.specifier) != RANGE] == []
    if own != "runner-core":
        assert "runner-core" in {each.name for each in ours}


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/how-to/write-a*.md")), ids=lambda path: path.stem)
def test_a_plugin_of_a_page_asks_for_this_version(path):
    (line,) = re.findall(r"^dependencies = \[(.*)\]$", path.read_text(encoding="utf-8"), re.MULTILINE)
    asked = [Requirement(text) for text in _RANGED.findall(line)]
    assert [(each.name, str(each.specifier)) for each in asked] == [("runner-core", RANGE)]


def test_messages_name_our_own_distributions():
    assert {name for words in DISTRIBUTIONS.values() for name in words.values()} <= set(OURS)


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements/*.txt")), ids=lambda path: path.stem)
def test_a_file_of_requirements_is_an_extra_from_a_clone(path):
    listed = set(re.findall(r"^--editable \./plugins/(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    if path.stem == "all":
        assert listed == set(OURS) - {"runner-core"}
    else:
        assert listed == expand(path.stem)


def expand(extra: str) -> set[str]:
    """The distributions that an extra of the core brings, each with its own extras, as a file of requirements does."""
    found = set()
    for each in map(Requirement, OURS["runner-core"]["optional-dependencies"][extra]):
        if each.name == "runner-core":
            found |= set().union(*map(expand, each.extras))
        else:
            found.add(each.name + (f"[{','.join(sorted(each.extras))}]" if each.extras else ""))
    return found
