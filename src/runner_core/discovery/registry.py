"""The registry: which plugins are installed, found without importing anything heavy.

pluggy checks hooks against their specifications. With its own loop over entry points one broken plugin ends them all,
so the loop is here: what is broken is recorded as a Problem, and the rest runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pluggy

from runner_core import hookspecs
from runner_core.discovery.catalog import find_distribution
from runner_core.discovery.entry_points import Origin, Problem, find_entry_points, format_reason, select_entry_points
from runner_core.errors import NotInstalled, PluginError, RunnerError
from runner_core.plugin import Plugin
from runner_core.util.spelling import ask_if_meant

KINDS = ("engines", "tasks", "sources", "stores", "sinks", "datasets", "trainers", "evaluators", "commands")
_HOOK = "runner_"


@dataclass(frozen=True)
class Installed:
    """A plugin, its kind (one of ``KINDS``) and where it came from."""

    kind: str
    plugin: Plugin
    origin: Origin

    @property
    def distribution(self) -> str:
        return self.origin.distribution

    @property
    def version(self) -> str:
        return self.origin.version

    def load(self) -> Any:
        """Imports the target. Raises PluginError naming the plugin and its distribution."""
        module, _, attribute = self.plugin.target.partition(":")
        return self._guard("loaded", lambda: getattr(importlib.import_module(module), attribute))

    def make(self, *arguments: Any) -> Any:
        """Imports the target and calls it. Raises PluginError, and RunnerErrors that the target raises."""
        target = self.load()
        return self._guard("made", lambda: target(*arguments))

    def _guard(self, done: str, do: Callable[[], Any]) -> Any:
        try:
            return do()
        except (KeyboardInterrupt, RunnerError):
            raise
        except BaseException as error:  # a module may even call sys.exit
            raise PluginError(
                f"{self.kind[:-1]} {self.plugin.name!r} of {self.distribution}: {self.plugin.target} "
                f"cannot be {done} ({format_reason(error)})",
                remedy=f"reinstall {self.distribution}, or report it to its author",
            ) from error


class Registry:
    """The installed plugins by kind and name, and the problems found on the way."""

    def __init__(self, entries: Iterable[EntryPoint], problems: Iterable[Problem] = ()) -> None:
        self.problems = list(problems)
        self._found: dict[str, dict[str, Installed]] = {kind: {} for kind in KINDS}
        self._taken: dict[str, Origin] = {}
        self._manager = pluggy.PluginManager(hookspecs.GROUP)
        self._manager.add_hookspecs(hookspecs)
        for entry in sorted(entries, key=lambda entry: (entry.name, entry.value)):
            self._register(entry)

    def all(self, kind: str) -> Mapping[str, Installed]:
        """The plugins of a kind by name."""
        return self._found[kind]

    def get(self, kind: str, name: str) -> Installed:
        """The plugin of that name. Raises NotInstalled naming the installed ones, and the package to install."""
        found = self._found[kind].get(name)
        if found is None:
            known = ", ".join(sorted(self._found[kind])) or "none"
            package = find_distribution(kind, name)
            more = f"`pip install {package}` brings it" if package else "see `runner plugins`"
            raise NotInstalled(
                f"no {kind[:-1]} named {name!r} is installed",
                remedy=f"{ask_if_meant(name, self._found[kind])}installed: {known}; {more}",
            )
        return found

    def make(self, kind: str, name: str, *arguments: Any) -> Any:
        """Imports the plugin's target and calls it. Raises NotInstalled, and as ``Installed.make``."""
        return self.get(kind, name).make(*arguments)

    def find_claiming(self, kind: str, claim: str) -> tuple[Installed, ...]:
        """The plugins of a kind that claim ``claim``, those first that name it earlier among their claims."""
        claiming = [found for _, found in sorted(self._found[kind].items()) if claim in found.plugin.claims]
        return tuple(sorted(claiming, key=lambda found: found.plugin.claims.index(claim)))

    def add(self, found: Installed) -> None:
        """Adds a plugin. Of two with one name this project's own stays, otherwise the first; the other is a Problem."""
        name, named = found.plugin.name, self._found[found.kind]
        first = named.setdefault(name, found)
        if first is found:
            return
        kept, left = (found, first) if found.distribution == find_distribution(found.kind, name) else (first, found)
        named[name] = kept
        message = (
            f"{found.kind[:-1]} {name!r} is in {kept.distribution} already; that of {left.distribution} is left out"
        )
        self.problems.append(Problem(left.origin, message))

    def _register(self, entry: EntryPoint) -> None:
        """Adds all plugins of an entry point, or none of them and a Problem."""
        origin = Origin(entry.name, entry.dist)
        try:
            self._check_unique(entry, origin)
            found = [Installed(kind, plugin, origin) for kind, plugin in _call_hooks(self._manager, entry)]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a foreign module raises, the others run
            self.problems.append(Problem(origin, format_reason(error)))
            return
        for installed in found:
            self.add(installed)

    def _check_unique(self, entry: EntryPoint, origin: Origin) -> None:
        """Raises PluginError if another distribution already has the entry point's name or its module."""
        for what, name in (("name", entry.name), ("module", entry.value)):
            first = self._taken.setdefault(f"{what} {name}", origin)
            if first is not origin:
                raise PluginError(
                    f"the {what} {name} is in {first.distribution} already; that of {origin.distribution} is left out"
                )


def _call_hooks(manager: pluggy.PluginManager, entry: EntryPoint) -> Iterator[tuple[str, Plugin]]:
    """The plugins that one entry point registers, each with its kind."""
    module = _import_module(entry)
    hooks = _find_hooks(manager, module)
    try:  # only for the check of signatures: the hooks are called below, not by the manager
        manager.register(module)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(str(error)) from error
    for name, hook in hooks.items():
        for plugin in _check_plugins(name, hook()):
            yield name.removeprefix(_HOOK), plugin


def _import_module(entry: EntryPoint) -> ModuleType:
    try:
        module = entry.load()
    except Exception as error:
        raise PluginError(f"{entry.value} cannot be imported ({format_reason(error)})") from error
    if not isinstance(module, ModuleType):
        raise PluginError(f"{entry.value} is not a module: the entry point names the one that holds the hooks")
    return module


def _find_hooks(manager: pluggy.PluginManager, module: ModuleType) -> dict[str, Callable[[], Any]]:
    known = [f"{_HOOK}{kind}" for kind in KINDS]
    marked = [
        name for name, value in vars(module).items() if callable(value) and manager.parse_hookimpl_opts(module, name)
    ]
    hooks = {name: getattr(module, name) for name in marked}
    unknown = sorted(set(hooks) - set(known))
    if unknown:
        raise PluginError(
            f"{module.__name__} implements unknown hooks: {', '.join(unknown)}; known: {', '.join(known)}"
        )
    if not hooks:
        unmarked = [name for name in known if hasattr(module, name)]
        hint = f"; {', '.join(unmarked)} lacks @hookimpl" if unmarked else ""
        raise PluginError(f"{module.__name__} implements no hook of runner{hint}")
    return hooks


def _check_plugins(hook: str, returned: Any) -> list[Plugin]:
    if not isinstance(returned, Iterable):
        raise PluginError(f"{hook} returned {returned!r}, not Plugins")
    plugins = list(returned)
    for plugin in plugins:
        if not isinstance(plugin, Plugin):
            raise PluginError(f"{hook} returned {plugin!r}, not a Plugin")
    return plugins


@lru_cache(maxsize=1)
def _load_installed() -> Registry:
    entries, unreadable = find_entry_points()
    wanted, missing = select_entry_points(entries)
    return Registry(wanted, [*unreadable, *missing])


_in_use: list[Registry] = []


def get_registry() -> Registry:
    """The registry of this process, filled at the first call."""
    return _in_use[-1] if _in_use else _load_installed()


@contextmanager
def use_registry(other: Registry) -> Iterator[None]:
    """Makes ``other`` the process's registry inside the block: for tests, and programs with plugins of their own."""
    _in_use.append(other)
    try:
        yield
    finally:
        _in_use.remove(other)
