"""``runner lock``: the exact brains of a project, file by file."""

from __future__ import annotations

from pathlib import Path

import click

from runner_core.cache.cache import Cache
from runner_core.cache.receipt import Receipt
from runner_core.cards.card import CARD_FILE as CARD
from runner_core.cards.card import Card
from runner_core.cli.completion import complete_brains
from runner_core.cli.progress import download_bars
from runner_core.stores.lockfile import LOCK_FILE, LockedBrain, LockFile, describe_brain_files
from runner_core.stores.resolve import resolve_with_store


@click.command()
@click.argument("brains", nargs=-1, required=True, shell_complete=complete_brains)
def lock(brains: tuple[str, ...]) -> None:
    """Write brains.lock with BRAINS as they are now; brains already in it stay."""
    path = Path(LOCK_FILE)
    known = LockFile.read(path).brains if path.exists() else {}
    cache = Cache(progress=download_bars())
    new = {reference: _lock_brain(*resolve_with_store(reference, cache)) for reference in brains}
    LockFile({**known, **new}).write(path)
    click.echo(f"{path}: {', '.join(brains)}")


def _lock_brain(place: Path, store: str) -> LockedBrain:
    receipt, card = Receipt.find(place), place / CARD
    if receipt:
        return LockedBrain(receipt.version, store or receipt.store, describe_brain_files(place))
    return LockedBrain(Card.read(card).version if card.is_file() else "", store, describe_brain_files(place))
