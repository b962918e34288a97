"""SettingOption: an option that a person may also set by the environment or in a file of the working folder."""

from __future__ import annotations

from typing import Any

import click

from runner_core.util.settings import Settings, find_variable, read_settings

_KEY = "runner_core.settings"


class SettingOption(click.Option):
    """An option of a command by the name of a setting: typed, from its variable, from the file, or its own default."""

    def __init__(self, *declarations: Any, **attributes: Any) -> None:
        super().__init__(*declarations, **attributes)
        self.show_envvar = True
        self.envvar = find_variable(str(self.name))

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:
        """What the file says. Raises UsageError for a file that is wrong."""
        value = None if ctx.resilient_parsing else _read_once(ctx).values.get(str(self.name))
        if value is None:
            return super().get_default(ctx, call)
        return ",".join(value) if isinstance(value, list) else value


def _read_once(ctx: click.Context) -> Settings:
    """For all options of a command."""
    if _KEY not in ctx.meta:
        ctx.meta[_KEY] = read_settings()
    settings: Settings = ctx.meta[_KEY]
    return settings
