"""Crash report: whose code raised an unforeseen error, a plugin's or runner's own."""

from __future__ import annotations

from traceback import walk_tb

from runner_core.discovery.entry_points import Origin
from runner_core.discovery.registry import KINDS, get_registry


def describe_crash(error: Exception) -> str:
    """The error, whom to report it to, and how to see the traceback."""
    origin = find_origin(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())  # one record is one line
    if origin is None:
        return f"{what}; this is a bug in runner: see the traceback with `runner --debug ...`"
    whose = f"{origin.entry} ({' '.join(filter(None, (origin.distribution, origin.version)))})"
    return f"{what} in {whose}: report it to its author; see the traceback with `runner --debug ...`"


def find_origin(error: Exception) -> Origin | None:
    """The plugin that raised it or called what raised it; None if that was runner."""
    plugins = {
        _package_of(found.plugin.target.partition(":")[0]): found.origin
        for kind in KINDS
        for found in get_registry().all(kind).values()
    }
    packages = [_package_of(frame.f_globals.get("__name__", "")) for frame, _ in walk_tb(error.__traceback__)]
    innermost = next((name for name in reversed(packages) if name in plugins or name == _package_of(__name__)), "")
    return plugins.get(innermost)


def _package_of(module: str) -> str:
    return module.partition(".")[0]
