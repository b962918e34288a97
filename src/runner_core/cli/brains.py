"""``runner brains``: what stores offer, what is here, and removing what is not needed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from runner_core.cache.cache import Cache
from runner_core.cache.receipt import Receipt
from runner_core.cards.artifact import format_of
from runner_core.cards.card import CARD_FILE, Card
from runner_core.cli.tables import print_rows
from runner_core.errors import CardError, RunnerError, UsageError
from runner_core.project import Project
from runner_core.stores.config import read_configured_stores
from runner_core.util.spelling import ask_if_meant

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@click.group(invoke_without_command=True)
@click.pass_context
def brains(context: click.Context) -> int:
    """List the brains of the configured stores and the fetched ones; remove fetched ones."""
    if context.invoked_subcommand is not None:
        return 0
    failed = _print_stores()
    _print_cache()
    return 1 if failed else 0


@brains.command()
@click.argument("brain", metavar="NAME[@VERSION]")
@click.option("--from", "store", help="Only what came from this store, as `runner brains` lists it.")
def remove(brain: str, store: str | None) -> int:
    """Remove a fetched brain: all versions, or one."""
    name, _, version = brain.partition("@")
    cache = Cache()
    removed = cache.remove(name, store=store, version=version or None)
    _print_removed(removed)
    if not removed:
        meant = ask_if_meant(name, {receipt.name for _, receipt in cache.brains()})
        click.echo(f"runner: no fetched brain is {brain}; {meant}`runner brains` lists them", err=True)
    return 0 if removed else 1


@brains.command()
@click.option("--keep-size", required=True, metavar="SIZE", help="How much may stay: 500MB, 2GB.")
def prune(keep_size: str) -> None:
    """Remove the least recently used brains until the rest takes at most SIZE."""
    cache = Cache()
    _print_removed(cache.prune(_parse_size(keep_size)))
    click.echo(f"{cache.size() / 1e6:.1f} MB are kept")


@brains.command()
@click.option("--repair", is_flag=True, help="Remove what is wrong, so that the next pull fetches it.")
def verify(repair: bool) -> int:
    """Hash every file again and compare."""
    problems = Cache().verify(repair=repair)
    for problem in problems:
        click.echo(f"runner: {problem}", err=True)
    click.echo("clean" if not problems else f"{len(problems)} wrong{', removed' if repair else '; remedy: --repair'}")
    return 1 if problems else 0


def _print_removed(removed: list[Receipt]) -> None:
    for receipt in removed:
        click.echo(f"removed {receipt.name}@{receipt.version}, {receipt.size / 1e6:.1f} MB from {receipt.store}")


def _print_stores() -> int:
    """How many failed."""
    rows, failed = [], 0
    for alias in read_configured_stores():
        try:
            rows += [(ref.name, ref.version, store, ref.summary) for store, ref in Project(alias).brains()]
        except RunnerError as error:  # one store that fails does not hide the others, nor the fetched brains
            click.echo(f"runner: {alias}: {error}", err=True)
            failed += 1
    print_rows("available by name", ("name", "version", "store", "what"), rows)
    return failed


def _print_cache() -> None:
    rows = []
    for folder, receipt in Cache().brains():
        card = _read_card(folder)
        formats = [artifact.format for artifact in card.artifacts] if card else [format_of(Path(receipt.files[0].path))]
        rows.append((
            receipt.name, receipt.version, receipt.store, f"{receipt.size / 1e6:.1f} MB", ", ".join(formats),
            card.licence if card else "", f"{datetime.fromtimestamp(Receipt.last_used(folder)):%Y-%m-%d %H:%M}",
        ))  # fmt: skip
    print_rows("fetched", ("name", "version", "from", "size", "formats", "licence", "last used"), rows)


def _read_card(folder: Path) -> Card | None:
    try:
        return Card.read(folder / CARD_FILE)
    except CardError:  # none, or one that opening the brain reports
        return None


def _parse_size(text: str) -> int:
    digits = text.rstrip("KMGTBkmgtb")
    try:
        size = int(float(digits) * _UNITS[text[len(digits) :].upper()])
    except (ValueError, KeyError, OverflowError):
        size = -1
    if size < 0:
        raise UsageError(f"{text!r} is not a size", remedy="write 500MB or 2GB")
    return size
