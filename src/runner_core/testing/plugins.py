"""What registration modules promise (``hookspecs``, ``plugin.Plugin``)."""

from __future__ import annotations

import importlib
import re
import sys
from types import ModuleType
from typing import Any

import attrs

from runner_core.contracts import DatasetFormat, Engine, Evaluator, Task, Trainer
from runner_core.discovery.registry import KINDS, Installed
from runner_core.hookspecs import GROUP
from runner_core.testing.check import Check, demand
from runner_core.testing.fresh_imports import find_imports, list_imports, top_level_names
from runner_core.testing.registries import registry_of

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CLAIM = re.compile(r"-|[./]?[a-z0-9][a-z0-9+./-]*")  # "-" and "/dev/video0" are whole locations
_SHAPE = r"(?:[A-Z]|[0-9]+)(?: x (?:[A-Z]|[0-9]+))*"
_OUTPUTS = re.compile(rf"{_SHAPE}(?: \+ {_SHAPE})*")  # "N x 4 + N x C"
_LIGHT = frozenset(f"runner_core{name}" for name in ("", ".hookspecs", ".plugin", ".util", ".util.lazy"))
_MADE = {  # by calling the target with no argument
    "engines": Engine,
    "tasks": Task,
    "datasets": DatasetFormat,
    "trainers": Trainer,
    "evaluators": Evaluator,
}
_MARK = f"{GROUP}_impl"  # what pluggy's marker leaves on a function
_METHODS = {"sources": ("frames",), "sinks": ("open",), "stores": ("list", "fetch")}


def _name_of(module: str | ModuleType) -> str:
    return module if isinstance(module, str) else module.__name__


@attrs.frozen
class PluginCase:
    """Checks a registration module, the one that a distribution's entry point names; ``module`` is it or its name."""

    module: str = attrs.field(converter=_name_of)

    def __str__(self) -> str:
        return self.module

    def found(self) -> list[Installed]:
        with registry_of(self.module) as registry:
            demand(not registry.problems, "; ".join(problem.message for problem in registry.problems))
            return [found for kind in KINDS for found in registry.all(kind).values()]


def imports_almost_nothing(case: PluginCase) -> None:
    """Importing it imports only runner_core.hookspecs and runner_core.plugin, besides Python's own modules."""
    modules = find_imports(f"import {case.module}")
    allowed = {"runner_core", "pluggy", "attr", "attrs", case.module.partition(".")[0], *sys.stdlib_module_names}
    foreign = [name for name in top_level_names(modules) if name not in allowed]
    core = [module for module in modules if module.startswith("runner_core.") and module not in _LIGHT]
    odd = list_imports([*foreign, *core])
    demand(not odd, f"it imports {odd}: import that in the target's module")


def marks_its_hooks(case: PluginCase) -> None:
    """Every function of it that is named as a hook is marked as one."""
    module = importlib.import_module(case.module)
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == case.module]
    unmarked = [name for name in own if name.startswith("runner_") and not hasattr(getattr(module, name), _MARK)]
    demand(not unmarked, f"{', '.join(unmarked)} lacks @hookimpl, so nobody calls it: write @hookimpl above it")


def registers_plugins(case: PluginCase) -> None:
    """Its hooks are known, take no arguments and yield Plugins, each name once for each kind."""
    demand(bool(case.found()), "it registers nothing")


def has_well_formed_names(case: PluginCase) -> None:
    """Names are lower case with hyphens, summaries one line, claims formats, schemes, locations or a task's outputs."""
    for found in case.found():
        plugin, form = found.plugin, _OUTPUTS if found.kind == "tasks" else _CLAIM
        demand(bool(_NAME.fullmatch(plugin.name)), f"a name is {plugin.name!r}: write it such as 'my-name'")
        summary = plugin.summary
        demand(bool(summary.strip()) and "\n" not in summary, f"the summary of {plugin.name} is {summary!r}")
        odd = [claim for claim in plugin.claims if not form.fullmatch(claim)]
        how = "N x 4 + N x C" if form is _OUTPUTS else "claims in lower case, without spaces"
        demand(not odd, f"{plugin.name} claims {odd}: write {how}")


def has_targets_of_their_kind(case: PluginCase) -> None:
    """Every target can be imported and is what its hook describes."""
    for found in case.found():
        target = found.load()
        demand(_is_of_kind(found.kind, target), f"{found.plugin.target} cannot serve as {found.kind[:-1]}: {target!r}")


def _is_of_kind(kind: str, target: Any) -> bool:
    if kind == "commands":
        import click

        return isinstance(target, click.Command)
    if kind in _MADE:
        return callable(target) and isinstance(target(), _MADE[kind])
    methods = _METHODS[kind] if isinstance(target, type) else ()  # of a function, only what it returns shows that
    return callable(target) and all(callable(getattr(target, name, None)) for name in methods)


check_plugin = Check(
    PluginCase,
    imports_almost_nothing,
    marks_its_hooks,
    registers_plugins,
    has_well_formed_names,
    has_targets_of_their_kind,
)
