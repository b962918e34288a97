"""Registries for tests: of plugins that need not be installed, and of written distributions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent
from types import ModuleType

from runner_core.discovery.entry_points import Origin
from runner_core.discovery.registry import Installed, Registry, use_registry
from runner_core.hookspecs import GROUP
from runner_core.plugin import Plugin

TEST_ORIGIN = "given"


@contextmanager
def registry_of(*modules: str | ModuleType, **plugins: Iterable[Plugin]) -> Iterator[Registry]:
    """Makes a registry of these plugins only, which is the process's registry inside the block.

    ``modules`` are registration modules, or their names; ``plugins`` are Plugins by kind::

        with registry_of("runner_files.plugin", engines=[Plugin("fake", "my_fakes:Engine", "gives zeros")]):
            brain = open_brain("model.fake")

    What is wrong with a module is in the registry's ``problems``, as for an installed one.
    """
    names = [module if isinstance(module, str) else module.__name__ for module in modules]
    made = Registry(EntryPoint(name, name, GROUP) for name in names)
    for kind, listed in plugins.items():
        for plugin in listed:
            made.add(Installed(kind, plugin, Origin(TEST_ORIGIN)))
    with use_registry(made):
        yield made


def write_distribution(
    folder: Path,
    name: str,
    files: Mapping[str, str],
    entries: Mapping[str, str],
    *,
    version: str = "1.0",
    requires: Iterable[str] = (),
) -> None:
    """Writes packages and their metadata into ``folder``; on ``sys.path`` or PYTHONPATH it counts as installed.

    ``files`` are texts by path, ``entries`` the entry points of the group ``runner``, as in a ``pyproject.toml``::

        write_distribution(tmp_path, "runner-mine", {"runner_mine/plugin.py": CODE}, {"mine": "runner_mine.plugin"})

    ``requires`` are its dependencies.
    """
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        (target.parent / "__init__.py").touch()
    points = "".join(f"{key} = {value}\n" for key, value in entries.items())
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}", encoding="utf-8")
