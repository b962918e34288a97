"""The registry: which plugins are installed, found without importing anything heavy.

pluggy checks hooks against their specifications; its own entry-point loop lets one bad plugin end all, so the loop
is here: what is broken is recorded as a Problem, and the rest runs.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import attrs
import pluggy

from runner_core import hookspecs
from runner_core.errors import NotInstalled, PluginError
from runner_core.plugin import Plugin

LOAD_VARIABLE = "RUNNER_LOAD_PLUGINS"
KINDS = ("engines", "tasks", "sources", "stores", "sinks", "trainers", "commands")
_HOOK = "runner_"


@attrs.frozen
class Installed:
    """A plugin and where it came from: the kind, the distribution, its version, the entry point's name."""

    kind: str
    plugin: Plugin
    distribution: str
    version: str
    entry: str

    def load(self) -> Any:
        """Imports the target. Raises PluginError saying which plugin of which distribution fails."""
        module, _, attribute = self.plugin.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except Exception as error:
            raise PluginError(
                f"{self.kind[:-1]} {self.plugin.name!r} of {self.distribution}: {self.plugin.target} "
                f"cannot be loaded ({type(error).__name__}: {error})",
                remedy=f"reinstall {self.distribution}, or report it to its author",
            ) from error


@attrs.frozen
class Problem:
    """A plugin, or part of one, that was left out, and why."""

    entry: str
    distribution: str
    message: str

    def __str__(self) -> str:
        return f"{self.entry} ({self.distribution}): {self.message}"


class Registry:
    """The installed plugins by kind and name, and the problems found on the way."""

    def __init__(self, entries: Iterable[EntryPoint]) -> None:
        self.problems: list[Problem] = []
        self._found: dict[str, dict[str, Installed]] = {kind: {} for kind in KINDS}
        self._manager = pluggy.PluginManager(hookspecs.GROUP)
        self._manager.add_hookspecs(hookspecs)
        for entry in sorted(entries, key=lambda entry: entry.name):
            self._take(entry)

    def all(self, kind: str) -> Mapping[str, Installed]:
        """The plugins of a kind by name."""
        return self._found[kind]

    def get(self, kind: str, name: str) -> Installed:
        """The plugin of that name. Raises NotInstalled naming those there are, and the package to install."""
        found = self._found[kind].get(name)
        if found is None:
            known = ", ".join(sorted(self._found[kind])) or "none"
            raise NotInstalled(
                f"no {kind[:-1]} named {name!r} is installed",
                remedy=f"installed: {known}; try `pip install runner-{name}`, or see `runner plugins`",
            )
        return found

    def make(self, kind: str, name: str, *arguments: Any) -> Any:
        """Imports the plugin's target and calls it."""
        return self.get(kind, name).load()(*arguments)

    def claiming(self, kind: str, claim: str) -> tuple[Installed, ...]:
        """The plugins of a kind that answer for ``claim``, by name."""
        return tuple(found for _, found in sorted(self._found[kind].items()) if claim in found.plugin.claims)

    def _take(self, entry: EntryPoint) -> None:
        distribution, version = _origin(entry)
        try:
            for kind, plugin in _plugins(self._manager, entry):
                self.add(Installed(kind, plugin, distribution, version, entry.name))
        except Exception as error:  # whatever a stranger's module raises, the others run
            reason = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
            self.problems.append(Problem(entry.name, distribution, reason))

    def add(self, found: Installed) -> None:
        """Takes one plugin more; of two with one name the first stays, and the second is a Problem."""
        there = self._found[found.kind].setdefault(found.plugin.name, found)
        if there is not found:
            message = (
                f"{found.kind[:-1]} {found.plugin.name!r} is in {there.distribution} already; "
                f"that of {found.distribution} is left out"
            )
            self.problems.append(Problem(found.entry, found.distribution, message))


def _plugins(manager: pluggy.PluginManager, entry: EntryPoint) -> Iterator[tuple[str, Plugin]]:
    """All that one entry point registers, with its kind. Raises before the first where anything is wrong."""
    module = entry.load()
    hooks = {name: getattr(module, name) for name in vars(module) if manager.parse_hookimpl_opts(module, name)}
    _check_hooks(hooks, module)
    try:
        manager.register(module, name=f"{entry.name} ({_origin(entry)[0]})")
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(" ".join(str(error).split())) from error
    found = [(name.removeprefix(_HOOK), plugin) for name, hook in hooks.items() for plugin in hook()]
    for kind, plugin in found:
        if not isinstance(plugin, Plugin):
            raise PluginError(f"{_HOOK}{kind} gave {plugin!r}, not a Plugin")
    yield from found


def _check_hooks(hooks: Mapping[str, object], module: ModuleType) -> None:
    known = {f"{_HOOK}{kind}" for kind in KINDS}
    unknown = sorted(set(hooks) - known)
    if unknown:
        raise PluginError(
            f"{module.__name__} implements unknown hooks: {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    if not hooks:
        raise PluginError(f"{module.__name__} implements no hook of runner")


def _origin(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("unknown distribution", "")


def wanted_entries() -> list[EntryPoint]:
    """The entry points of the group, less those that RUNNER_LOAD_PLUGINS leaves out; empty loads none."""
    entries = list(entry_points(group=hookspecs.GROUP))
    chosen = os.environ.get(LOAD_VARIABLE)
    if chosen is None:
        return entries
    names = {name.strip() for name in chosen.split(",")}
    return [entry for entry in entries if entry.name in names]


@lru_cache(maxsize=1)
def _installed() -> Registry:
    return Registry(wanted_entries())


_in_use: list[Registry] = []


def registry() -> Registry:
    """The registry of this process, filled at the first call."""
    return _in_use[-1] if _in_use else _installed()


@contextmanager
def using(other: Registry) -> Iterator[None]:
    """Makes ``other`` the process's registry inside the block: for tests, and for programs that bring their plugins."""
    _in_use.append(other)
    try:
        yield
    finally:
        _in_use.remove(other)
