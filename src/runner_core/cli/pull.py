"""``runner pull``: brains fetched before they are needed."""

from __future__ import annotations

from pathlib import Path

import click

from runner_core.cache.cache import Cache
from runner_core.cli.bars import bars
from runner_core.getting import find
from runner_core.lockfile import FILE_NAME, Lock


@click.command()
@click.argument("brains", nargs=-1, required=True)
@click.option("--locked", is_flag=True, help="Refuse any brain that is not what brains.lock says.")
def pull(brains: tuple[str, ...], locked: bool) -> None:
    """Fetch BRAINS (NAME, STORE:NAME@VERSION, URL) and say where they are."""
    lock = Lock.read(Path(FILE_NAME)) if locked else None
    for reference in brains:
        place = find(reference, Cache(progress=bars()), version=lock.version_of(reference) if lock else None)
        if lock:
            lock.check(reference, place)
        click.echo(f"{reference}: {place}")
