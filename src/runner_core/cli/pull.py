"""``runner pull``: brains fetched before they are needed."""

from __future__ import annotations

from pathlib import Path

import click

from runner_core.cache.cache import Cache
from runner_core.cli.completion import complete_brains
from runner_core.cli.progress import download_bars
from runner_core.errors import LockError, StoreError
from runner_core.stores.lockfile import LOCK_FILE, LockFile
from runner_core.stores.resolve import resolve_brain


@click.command()
@click.argument("brains", nargs=-1, required=True, shell_complete=complete_brains)
@click.option("--locked", is_flag=True, help="Refuse any brain that differs from brains.lock.")
def pull(brains: tuple[str, ...], locked: bool) -> int:
    """Fetch BRAINS (NAME, STORE:NAME@VERSION, URL) and print where they are."""
    lock, cache = LockFile.read(Path(LOCK_FILE)) if locked else None, Cache(progress=download_bars())
    failed = 0
    for reference in brains:
        try:
            click.echo(f"{reference}: {_pull_brain(reference, cache, lock)}")
        except (StoreError, LockError) as error:  # the others are still fetched
            click.echo(f"runner: {error}", err=True)
            failed = 1
    return failed


def _pull_brain(reference: str, cache: Cache, lock: LockFile | None) -> Path:
    place = resolve_brain(reference, cache, version=lock.version_of(reference) if lock else None)
    if lock:
        lock.check(reference, place)
    return place
