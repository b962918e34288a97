"""What a registration module adds: its hooks are found, checked against their specifications and called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pluggy

from runner_core.discovery.entry_points import format_reason
from runner_core.errors import PluginError
from runner_core.plugin import Plugin

KINDS = ("engines", "tasks", "sources", "stores", "sinks", "datasets", "trainers", "evaluators", "commands")
_HOOK = "runner_"
HOOKS = tuple(f"{_HOOK}{kind}" for kind in KINDS)


def call_hooks(manager: pluggy.PluginManager, entry: EntryPoint) -> Iterator[tuple[str, Plugin]]:
    """The plugins that one entry point registers, each with its kind."""
    yield from call_module_hooks(manager, import_module(entry))


def call_module_hooks(manager: pluggy.PluginManager, module: ModuleType) -> Iterator[tuple[str, Plugin]]:
    """The plugins that a registration module registers, each with its kind. Raises PluginError."""
    hooks = _find_hooks(manager, module)
    try:  # only for the check of signatures: the hooks are called below, not by the manager
        manager.register(module)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(str(error)) from error
    for name, hook in hooks.items():
        for plugin in _check_plugins(name, hook()):
            yield name.removeprefix(_HOOK), plugin


def import_module(entry: EntryPoint) -> ModuleType:
    try:
        module = entry.load()
    except Exception as error:
        raise PluginError(f"{entry.value} cannot be imported ({format_reason(error)})") from error
    if not isinstance(module, ModuleType):
        raise PluginError(f"{entry.value} is not a module: the entry point names the one that holds the hooks")
    return module


def _find_hooks(manager: pluggy.PluginManager, module: ModuleType) -> dict[str, Callable[[], Any]]:
    marked = [
        name for name, value in vars(module).items() if callable(value) and manager.parse_hookimpl_opts(module, name)
    ]
    hooks = {name: getattr(module, name) for name in marked}
    unknown = sorted(set(hooks) - set(HOOKS))
    if unknown:
        raise PluginError(
            f"{module.__name__} implements unknown hooks: {', '.join(unknown)}; known: {', '.join(HOOKS)}"
        )
    if not hooks:
        unmarked = [name for name in HOOKS if hasattr(module, name)]
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
