"""``brains.lock``: the brains of a project, by the sha256 of every file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import cattrs

from runner_core.cache.receipt import Receipt
from runner_core.cards.artifact import ArtifactFile, hash_files, list_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import LockError
from runner_core.util.atomic import write_text
from runner_core.util.file_stamps import stamp_files

LOCK_FILE = "brains.lock"
_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


@attrs.frozen
class LockedBrain:
    """One brain: its version, its store's label (empty for a path), every file with sha256 and size."""

    version: str
    store: str
    files: tuple[ArtifactFile, ...]


@attrs.frozen
class LockFile:
    """Brains by the reference that names them."""

    brains: dict[str, LockedBrain]

    @classmethod
    def read(cls, path: Path) -> LockFile:
        """Raises LockError if there is no file or it is damaged."""
        try:
            lock: LockFile = _CONVERTER.structure(json.loads(path.read_bytes()), cls)
        except FileNotFoundError:
            raise LockError(f"{path}: no lock file", remedy="write one: `runner lock BRAIN ...`") from None
        except cattrs.BaseValidationError as error:
            wrong = "; ".join(cattrs.transform_error(error, path="lock"))
            raise LockError(f"{path}: not a lock file ({wrong})") from error
        except (OSError, ValueError, RecursionError, AttributeError) as error:  # the last is cattrs's for a list
            raise LockError(f"{path}: not a lock file ({error})") from error
        return lock

    def write(self, path: Path) -> None:
        """Writes it whole or not at all. Raises LockError."""
        brains = {name: attrs.asdict(locked) for name, locked in sorted(self.brains.items())}
        try:
            write_text(path, json.dumps({"brains": brains}, indent=2) + "\n")
        except OSError as error:
            raise LockError(f"{path}: cannot be written ({error.strerror})") from error

    def version_of(self, reference: str) -> str | None:
        """The version to fetch, even if the store has a newer one; None for a brain that did not come from a store."""
        locked = self.brains.get(reference)
        return locked.version if locked and locked.store else None

    def check(self, reference: str, folder: Path) -> None:
        """Raises LockError unless the brain is in the lock file and its files have the sha256 it says."""
        if reference not in self.brains:
            raise LockError(f"{reference} is not in {LOCK_FILE}", remedy=f"add it: `runner lock {reference}`")
        locked, present = set(self.brains[reference].files), set(describe_brain_files(folder))
        if locked != present:
            paths = ", ".join(sorted({file.path for file in locked ^ present}))
            raise LockError(
                f"{reference}: {folder} is not what {LOCK_FILE} says: {paths}", remedy="pull it again, or lock it again"
            )

    @contextmanager
    def hold(self, reference: str, place: Path) -> Iterator[None]:
        """``check``; and LockError after the block if one of the brain's files was changed or replaced meanwhile."""
        before = stamp_files(_list_brain_files(place))
        self.check(reference, place)
        yield
        if stamp_files(_list_brain_files(place)) != before:
            raise LockError(
                f"{reference}: {place} was changed while it was opened", remedy="open it again once nobody writes to it"
            )


def describe_brain_files(path: Path) -> tuple[ArtifactFile, ...]:
    """Every file of a brain's folder but the receipt, with sha256 and size; for a model file, it and its card."""
    return hash_files(path if path.is_dir() else path.parent, _list_brain_files(path))


def _list_brain_files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in list_files(path) if file != path / Receipt.RECEIPT_FILE]
    return list(dict.fromkeys(file for each in _list_parts(path) if each.exists() for file in list_files(each)))


def _list_parts(path: Path) -> list[Path]:
    """A model file, its card, and the trunk that the card gives it."""
    card = path.parent / CARD_FILE
    named = Card.read(card).artifacts if card.is_file() and path != card else ()
    return [path, card, *(path.parent / part.path for each in named if each.path == path.name for part in each.parts)]
