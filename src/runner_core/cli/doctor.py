"""``runner doctor``: what this machine has."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import click

from runner_core.cli.plugins import print_problems
from runner_core.discovery.registry import KINDS, Installed, get_registry
from runner_core.errors import RunnerError
from runner_core.util.location import redact_url
from runner_core.util.settings import list_settings


@click.command()
def doctor() -> int:
    """Check versions, settings, engines, devices and plugins; imports every plugin."""
    click.echo(f"runner {version('runner-core')}, Python {platform.python_version()}, {platform.platform()}")
    click.echo(f"cores {os.cpu_count()}")
    for name, value, place in list_settings():
        click.echo(f"setting {name} {' '.join(map(redact_url, value.split(' ')))} ({place})")
    failed = print_problems()
    for kind in KINDS:
        for name, found in get_registry().all(kind).items():
            report, bad = _check_plugin(kind, found)
            failed |= bad
            click.echo(f"{'FAILED ' if bad else 'ok     '}{kind[:-1]} {name} ({found.distribution}): {report}")
    return failed


def _check_plugin(kind: str, found: Installed) -> tuple[str, int]:
    """A line about a plugin, and 1 if it does not work."""
    try:
        target = found.load()
        if kind == "engines":
            return ", ".join(f"{key} {value}" for key, value in target().describe().items()), 0
        return found.plugin.summary, 0
    except RunnerError as error:
        return str(error), 1
    except Exception as error:  # noqa: BLE001  # whatever a plugin raises is its own failure
        return f"{type(error).__name__}: {error}", 1
