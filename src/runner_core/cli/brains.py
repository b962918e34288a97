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
from runner_core.stores.config import TRAINED_KIND, read_configured_stores
from runner_core.stores.lockfile import LOCK_FILE, LockFile
from runner_core.stores.reference import Reference, parse_reference
from runner_core.training.versions import Shelf
from runner_core.util.home import TRAINED, find_trained_home
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
    """Remove a fetched brain, or one that was trained here: all versions, or one.

    A name means what was fetched, and only where nothing was, what was trained; trained:NAME is always the latter.
    """
    store, brain = (TRAINED, brain.removeprefix(f"{TRAINED}:")) if brain.startswith(f"{TRAINED}:") else (store, brain)
    name, _, version = brain.partition("@")
    cache = Cache()
    removed = [] if store == TRAINED else cache.remove(name, store=store, version=version or None)
    _print_removed(removed)
    if removed:
        return 0
    if store in (None, TRAINED) and _remove_trained(name, version):
        return 0
    what = "trained" if store == TRAINED else "fetched or trained"
    click.echo(f"runner: no {what} brain is {brain}; {_suggest(name, cache)}`runner brains` lists them", err=True)
    return 1


def _suggest(name: str, cache: Cache) -> str:
    """The versions of that name, else a name that is spelled nearly so."""
    fetched, trained = [receipt for _, receipt in cache.brains()], _find_trained()
    versions = [*(receipt.version for receipt in fetched if receipt.name == name), *trained.get(name, ())]
    known = {receipt.name for receipt in fetched} | set(trained)
    return f"there are its versions {', '.join(versions)}; " if versions else ask_if_meant(name, known)


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


def _find_trained() -> dict[str, list[str]]:
    """The versions of what was trained here, by name."""
    found = {folder.name: Shelf(folder).list_names() for folder in find_trained_home().glob("*")}
    return {name: versions for name, versions in found.items() if versions}


def _remove_trained(name: str, version: str) -> bool:
    """Whether there was one. Raises UsageError for a version that a lock file names, TrainingError."""
    shelf, there = Shelf(find_trained_home() / name), _find_trained().get(name, ())
    wanted = [each for each in there if version in ("", each)]
    locked = _find_locked(name) & set(wanted)
    if locked:
        raise UsageError(
            f"{name}@{min(locked)}: {LOCK_FILE} here names it", remedy=f"lock another one first: `runner lock {name}`"
        )
    for each in wanted:
        size = shelf.remove(each)
        click.echo(f"removed {name}@{each}, {size / 1e6:.1f} MB, which was trained here: {shelf.folder / each}")
    return bool(wanted)


def _find_locked(name: str) -> set[str]:
    """Versions of a trained brain that the lock file of the working folder names."""
    path, label = Path(LOCK_FILE), f"{TRAINED_KIND}:{find_trained_home()}"
    brains = LockFile.read(path).brains if path.is_file() else {}
    references = {text: parse_reference(text) for text, locked in brains.items() if locked.store == label}
    return {
        brains[text].version
        for text, reference in references.items()
        if isinstance(reference, Reference) and reference.name == name
    }


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
