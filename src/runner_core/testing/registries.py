"""A registry for a test, of plugins that need not be installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from types import ModuleType

from runner_core.discovery.entry_points import Origin
from runner_core.discovery.registry import Installed, Registry, using
from runner_core.hookspecs import GROUP
from runner_core.plugin import Plugin

GIVEN = "given"


@contextmanager
def registry_of(*modules: str | ModuleType, **plugins: Iterable[Plugin]) -> Iterator[Registry]:
    """Makes a registry of these alone, which is the process's registry inside the block.

    ``modules`` are registration modules, or their names; ``plugins`` are Plugins by kind::

        with registry_of("runner_files.plugin", engines=[Plugin("fake", "my_fakes:Engine", "gives zeros")]):
            brain = open_brain("model.fake")

    What is wrong with a module is in the registry's ``problems``, as it is for an installed one.
    """
    names = [module if isinstance(module, str) else module.__name__ for module in modules]
    made = Registry(EntryPoint(name, name, GROUP) for name in names)
    for kind, listed in plugins.items():
        for plugin in listed:
            made.add(Installed(kind, plugin, Origin(GIVEN)))
    with using(made):
        yield made
