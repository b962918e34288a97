"""``runner plugins``: what is installed and what is broken. Imports no plugin's code."""

from __future__ import annotations

import click

from runner_core.discovery.registry import KINDS, get_registry


@click.command()
def plugins() -> int:
    """List what is installed, by kind, and what is broken."""
    formatter = click.HelpFormatter(max_width=110)
    for kind in KINDS:
        rows = [
            (found.plugin.name, f"{found.plugin.summary} [{found.distribution} {found.version}]")
            for found in get_registry().all(kind).values()
        ]
        if rows:
            with formatter.section(kind):
                formatter.write_dl(rows)
    click.echo(formatter.getvalue(), nl=False)
    return print_problems()


def print_problems() -> int:
    """Prints each broken plugin on standard error; 1 if there are any."""
    for problem in get_registry().problems:
        click.echo(f"runner: broken plugin {problem}", err=True)
    return 1 if get_registry().problems else 0
