"""``runner clean``: what killed runs left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from runner_core.cache.leftovers import find_cache_leftovers
from runner_core.cli.completion import complete_files
from runner_core.cli.console import print_message
from runner_core.errors import UsageError
from runner_core.training.versions import Shelf
from runner_core.util.home import NoHomeError, expand_home, find_home, find_trained_home
from runner_core.util.leftovers import Leftover, find_leftovers


@click.command(name="clean")
@click.argument("places", metavar="[OUTPUT]...", nargs=-1, shell_complete=complete_files)
@click.option("--dry-run", is_flag=True, help="Only list it.")
def command(places: tuple[str, ...], dry_run: bool) -> int:
    """Remove what killed runs left: unfinished files beside each OUTPUT, or in it, and what RUNNER_HOME need not keep.

    Nothing that a living process uses is touched. A stopped run that is to be gone on with by --resume needs the files
    beside its outputs, a stopped training what it has left. Finished files, and brains that were fetched or trained,
    stay.
    """
    kept = total = 0
    found = {each.path.absolute(): each for each in _find_all([Path(expand_home(place)) for place in places])}
    locks = 0
    for leftover in found.values():
        size = leftover.size if leftover.path.exists() else 0
        try:
            gone = leftover.is_free if dry_run else leftover.remove()
        except OSError as error:
            print_message(f"{leftover.path}: cannot be removed ({error.strerror})")
            kept += 1
            continue
        total += size if gone else 0
        if leftover.is_lock and gone:
            locks += 1
            continue
        word = ("would be removed" if dry_run else "removed") if gone else "in use, and stays"
        click.echo(f"{leftover.path}: {word}{f', {_format_size(size)}' if gone else ''}")
    if locks:
        click.echo(f"{locks} locks of processes that ended: {'would be removed' if dry_run else 'removed'}")
    click.echo(f"{_format_size(total)} {'would be' if dry_run else 'are'} freed")
    return 1 if kept else 0


def _find_all(places: list[Path]) -> Iterator[Leftover]:
    """Raises UsageError for a place in a folder that is not there."""
    for place in places:
        if not place.parent.is_dir():
            raise UsageError(f"{place}: no such folder", remedy="name an output of a run, or its folder")
        yield from find_leftovers(place)
        yield from Shelf.at(place).find_leftovers()
    try:
        yield from find_cache_leftovers(find_home())
        for folder in sorted(find_trained_home().glob("*")):
            yield from Shelf(folder).find_leftovers()
    except NoHomeError as error:
        if not places:
            raise
        print_message(str(error))


def _format_size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size} bytes"
