"""The core is small: what one plugin alone needs lives in that plugin."""

import ast
import importlib
import pkgutil
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import runner_core

ROOT = Path(__file__).parents[2]
FOLDERS = [
    found.name
    for found in pkgutil.iter_modules(runner_core.__path__)
    if found.ispkg
    and found.name != "testing"  # for the tests of plugins
    and hasattr(importlib.import_module(f"runner_core.{found.name}"), "__all__")
]
KEPT = {
    "cards": {
        "SIDECAR_METADATA_FILES",  # what the core reads beside a model, and a store must therefore fetch
        "read_labels",  # for a person's script: a label file as a LabelMap
    },
    "frames": {"find_missing_package"},  # with ``is_picture_name`` it reads the table of formats
}


def names_in(path: Path) -> Counter[str]:
    """How often a file uses each name; its definition, imports and strings do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    )


@cache
def names_under(folder: Path) -> Counter[str]:
    """Those of all files of a distribution, counted when a test asks: every worker imports this file."""
    counts: Counter[str] = Counter()
    for path in folder.glob("src/**/*.py"):
        counts.update(names_in(path))
    return counts


PAGES = "".join(  # the reference names everything by itself
    page.read_text(encoding="utf-8") for page in ROOT.glob("docs/**/*.md") if page.parent.name != "reference"
)


def lonely(folder: str) -> set[str]:
    """Names that a folder offers, and that one plugin at most uses: neither the core, nor another, nor a page."""
    offered = importlib.import_module(f"runner_core.{folder}").__all__
    core, plugins = names_under(ROOT), [names_under(plugin) for plugin in ROOT.glob("plugins/*")]
    return {
        name
        for name in offered
        if not core[name] and sum(bool(used[name]) for used in plugins) < 2 and name not in PAGES
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_folder_offers_is_used_by_the_core_or_by_several_plugins(folder):
    assert lonely(folder) == KEPT.get(folder, set())
