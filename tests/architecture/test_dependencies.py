"""What an installation of the core brings: what docs/ARCHITECTURE.md lists with a reason, and nothing else."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED_FOR = {"pytest", "pandas"}  # by conformance tests, by `to_dataframe`: each says so where it is missing


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(requirements: list[str]) -> set[str]:
    """The distributions that these requirements name on this machine, without extras."""
    parsed = [Requirement(text) for text in requirements]
    return {plain(each.name) for each in parsed if each.marker is None or each.marker.evaluate({"extra": ""})}


def closure(names: set[str]) -> set[str]:
    """The distributions and all that they need."""
    found: set[str] = set()
    while names:
        found |= names
        names = set().union(*(needed(requires(name) or []) for name in names)) - found
    return found


def listed() -> list[str]:
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.partition("| distribution |")[2].partition("\n\n")[0]
    return [name for row in table.splitlines() for name in re.findall(r"`([\w.-]+)`", row.split("|")[1])]


def imported() -> set[str]:
    """The top-level packages that the core's code imports, at any place."""
    names = set()
    for path in ROOT.glob("src/runner_core/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"runner_core"}


def test_the_list_is_what_an_installation_brings():
    assert closure(needed(PROJECT["dependencies"])) == set(listed())
    assert len(listed()) == len(set(listed()))


@pytest.mark.parametrize("page", ["README.md", "docs/ARCHITECTURE.md"])
def test_the_pages_count_them(page):
    assert f" {len(listed())} distributions" in (ROOT / page).read_text(encoding="utf-8")


def test_the_core_requires_what_it_imports_and_imports_what_it_requires():
    homes = packages_distributions()
    used = {plain(homes[name][0]) for name in imported() - ASKED_FOR}
    assert used == needed(PROJECT["dependencies"])
