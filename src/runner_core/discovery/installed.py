"""Installed: a plugin with where it came from, which imports its target."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner_core.discovery.entry_points import Origin, format_reason
from runner_core.errors import PluginError, RunnerError
from runner_core.plugin import Plugin


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
