"""``runner brains``: what can be had by name."""

from __future__ import annotations

import click

from runner_core.project import Project


@click.command()
def brains() -> None:
    """List the brains that can be had by name, and the store each is in."""
    rows = [(ref.name, f"{store}, version {ref.version}: {ref.summary}") for store, ref in Project().brains()]
    if not rows:
        click.echo("no store has any brain; a path to a model file works everywhere a name does", err=True)
        return
    formatter = click.HelpFormatter()
    formatter.write_dl(rows)
    click.echo(formatter.getvalue(), nl=False)
