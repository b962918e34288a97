"""SettingOption: an option that a person may also set by the environment or in a file of the working folder."""

from __future__ import annotations

from typing import Any

import click

from runner_core.util.settings import find_variable, read_settings


class SettingOption(click.Option):
    """An option of a command by the name of a setting: typed, from its variable, from the file, or its own default."""

    def __init__(self, *declarations: Any, **attributes: Any) -> None:
        super().__init__(*declarations, **attributes)
        self.show_envvar = True
        self.envvar = find_variable(str(self.name))

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:
        """What the file says. Raises UsageError for a file that is wrong."""
        value = None if ctx.resilient_parsing else read_settings().values.get(str(self.name))
        if value is None:
            return super().get_default(ctx, call)
        return ",".join(value) if isinstance(value, list) else value
