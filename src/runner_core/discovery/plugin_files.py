"""Plugins without a distribution, for trying: a class of this process, and a file of one module.

    runner run pictures --plugin my_task.py --brain model.onnx
    RUNNER_PLUGINS=my_task.py runner inspect model.onnx

The file is a registration module, with hooks, or simply defines the parts: each class that has the methods of one kind
is one. They come before everything that is installed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

import pluggy

from runner_core.discovery.entry_points import FILES_VARIABLE, Origin, format_reason
from runner_core.discovery.hooks import HOOKS, call_module_hooks
from runner_core.discovery.installed import Installed
from runner_core.errors import PluginError, UsageError
from runner_core.plugin import Plugin

_METHODS = {
    "engines": ("load", "describe"),
    "tasks": ("recognise", "bind"),
    "sources": ("frames",),
    "stores": ("list", "fetch"),
    "sinks": ("open",),
    "datasets": ("recognise", "read"),
    "trainers": ("train", "explain"),
    "evaluators": ("evaluate", "measure"),
}
_KIND_WORDS = re.compile(r"(?<=.)(Engine|Task|Source|Store|Sink|Format|Dataset|Trainer|Evaluator)$")


def describe_part(part: type, *, name: str = "", claims: tuple[str, ...] = (), entry: str = "") -> Installed:
    """The class as a plugin; ``entry`` says where it is from. Raises UsageError as ``registry.use``."""
    kind = find_kind(part)
    if kind is None:
        known = "; ".join(f"{kind[:-1]}: {', '.join(methods)}" for kind, methods in _METHODS.items())
        raise UsageError(f"{part!r} is not a class of one kind of plugin", remedy=f"methods of each kind: {known}")
    if part.__qualname__ != part.__name__:
        raise UsageError(f"{part.__qualname__} is inside of something", remedy="define it at the top of its module")
    summary = (part.__doc__ or part.__name__).strip().partition("\n")[0]
    plugin = Plugin(name or _name_of(part), f"{part.__module__}:{part.__name__}", summary, claims)
    return Installed(kind, plugin, Origin(entry or part.__module__, given=True))


def find_kind(part: object) -> str | None:
    """The kind whose methods a class has; None if there is none, or more than one."""
    if not isinstance(part, type):
        return None
    kinds = [kind for kind, names in _METHODS.items() if all(callable(getattr(part, name, None)) for name in names)]
    return kinds[0] if len(kinds) == 1 else None


def list_files() -> list[Path]:
    """The files of ``RUNNER_PLUGINS``, separated as folders of PATH are."""
    return [Path(word) for word in os.environ.get(FILES_VARIABLE, "").split(os.pathsep) if word]


def add_typed_files(paths: tuple[str, ...]) -> None:
    """Puts files before those of ``RUNNER_PLUGINS``, for this process and those that it starts."""
    typed = [str(Path(path).absolute()) for path in paths]
    os.environ[FILES_VARIABLE] = os.pathsep.join([*typed, *map(str, list_files())])


def read_file(manager: pluggy.PluginManager, path: Path) -> list[Installed]:
    """The plugins of a file. Raises PluginError naming it, and saying what to do."""
    module, origin = _import_file(path), Origin(path.name, given=True)
    try:
        if any(hasattr(module, hook) for hook in HOOKS):
            found = [Installed(kind, plugin, origin) for kind, plugin in call_module_hooks(manager, module)]
        else:
            own = [part for part in vars(module).values() if getattr(part, "__module__", "") == module.__name__]
            found = [describe_part(part, entry=path.name) for part in own if find_kind(part)]
    except Exception as error:
        raise PluginError(f"{path}: {format_reason(error)}") from error
    if not found:
        remedy = "define a class with the methods of its kind, or a hook of runner"
        raise PluginError(f"{path}: no plugin is in it", remedy=remedy)
    return found


def _import_file(path: Path) -> ModuleType:
    """The module of the file, called by the file's name so that targets and other processes find it."""
    name = path.stem
    if path.suffix != ".py" or not name.isidentifier():
        raise PluginError(f"{path}: not a module of Python", remedy="name a file such as my_task.py")
    if not path.is_file():
        raise PluginError(f"{path}: there is no such file")
    loaded = sys.modules.get(name)
    if loaded and Path(loaded.__file__ or "").absolute() == path.absolute():
        return loaded
    if loaded or _is_taken(name, path):
        raise PluginError(f"{path}: there is a module {name} already", remedy="give the file another name")
    loader = SourceFileLoader(name, str(path))
    spec = ModuleSpec(name, loader, origin=str(path))
    spec.has_location = True
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise PluginError(f"{path}: cannot be imported ({format_reason(error)})") from error
    return module


def _is_taken(name: str, path: Path) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and Path(spec.origin or "").absolute() != path.absolute()


def _name_of(part: type) -> str:
    """``MyPeaksTask`` is my-peaks."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", _KIND_WORDS.sub("", part.__name__)).replace("_", "-").lower()
