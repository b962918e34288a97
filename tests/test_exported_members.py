"""What the core offers by name, and that plugins use nothing else of it."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import runner_core

ROOT = Path(__file__).parents[1]
DOORS = {"brain", "contracts", "errors", "hookspecs", "plugin", "project"}  # modules that plugins import as they are
PACKAGES = [
    "runner_core",
    *(f"runner_core.{found.name}" for found in pkgutil.iter_modules(runner_core.__path__) if found.ispkg),
]
OFFERING = [name for name in PACKAGES if getattr(importlib.import_module(name), "__all__", ())]
PLUGINS = sorted(ROOT.glob("plugins/*/src/**/*.py"))
PAGES = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md"), ROOT / "README.md"])


def private_imports(text: str) -> Iterator[str]:
    """What the code imports of the core besides doors and the names in a folder's ``__all__``."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("runner_core."))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "runner_core":
            package, _, door = str(node.module).partition(".")
            offered = DOORS if package == node.module else set()
            offered = offered | set(getattr(importlib.import_module(str(node.module)), "__all__", ()))
            if door not in DOORS:
                yield from (f"{node.module}.{name.name}" for name in node.names if name.name not in offered)


def code_of(page: str) -> list[str]:
    """The Python blocks of a page of Markdown."""
    fenced = re.findall(r"^( *)```python\n(.*?)^ *```", page, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in fenced]


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_plugin_imports_public_names_alone(path):
    assert not list(private_imports(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_public_names_alone(path):
    blocks = code_of(path.read_text(encoding="utf-8"))
    assert not [name for block in blocks if "import" in block for name in private_imports(block)]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("from runner_core.frames.frame import Frame", ["runner_core.frames.frame.Frame"]),
        ("from runner_core.frames import decode", ["runner_core.frames.decode"]),
        ("import runner_core.frames", ["runner_core.frames"]),
        ("def late():\n    from runner_core.loading.open import open_path", ["runner_core.loading.open.open_path"]),
        ("from runner_core import registry", ["runner_core.registry"]),
        ("from runner_core.frames import Frame", []),
        ("from runner_core.errors import ImageError", []),
        ("from runner_core import Frame, errors", []),
    ],
)
def test_a_private_import_is_seen(code, told):
    assert list(private_imports(code)) == told


def test_the_pages_have_code():
    assert sum(bool(code_of(path.read_text(encoding="utf-8"))) for path in PAGES) > 10


@pytest.mark.parametrize("package", OFFERING)
def test_the_names_are_listed_once_and_known_to_type_checkers(package):
    module = importlib.import_module(package)
    assert len(module.__all__) == len(set(module.__all__))
    assert set(module.__all__) <= set(dir(module))
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname or alias.name for node in imports for alias in node.names}
    assert set(module.__all__) == seen - {"TYPE_CHECKING", "attach_names"}


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package in OFFERING for name in importlib.import_module(package).__all__]
)
def test_each_name_is_there(package, name):
    modules = {found.name for found in pkgutil.iter_modules(importlib.import_module(package).__path__)}
    found = getattr(importlib.import_module(package), name)
    assert name not in modules, "a module of that name would take its place"
    if inspect.isclass(found) or inspect.isfunction(found):
        assert inspect.getdoc(found)


@pytest.mark.parametrize("name", runner_core.__all__)
def test_each_public_class_says_what_it_is(name):
    found = getattr(runner_core, name)
    assert found.__name__ == name
    assert inspect.getdoc(found)
    if inspect.isclass(found):
        assert not (found.__doc__ or "").startswith(f"{name}("), "a docstring of attrs' own making"
        for member, value in inspect.getmembers(found, inspect.isfunction):
            inherited = value.__module__ != found.__module__
            assert member.startswith("_") or inherited or inspect.getdoc(value), f"{name}.{member} has no docstring"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'runner_core' has no attribute 'Frames'"):
        _ = runner_core.Frames
