"""``brains.lock``: the brains of a project, to the last bit."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import cattrs

from runner_core.cache.receipt import Receipt
from runner_core.cards.artifact import ArtifactFile, describe_files
from runner_core.cards.card import CARD_FILE as CARD
from runner_core.errors import LockError
from runner_core.util.atomic import write_text

LOCK_FILE = "brains.lock"
_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


@attrs.frozen
class LockedBrain:
    """One brain: its version, the store it came from, every file with sha256 and size."""

    version: str
    store: str
    files: tuple[ArtifactFile, ...]


@attrs.frozen
class LockFile:
    """Brains by the reference they are named with."""

    brains: dict[str, LockedBrain]

    @classmethod
    def read(cls, path: Path) -> LockFile:
        """Raises LockError where there is none or it is damaged."""
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
        """Whole or not at all. Raises LockError."""
        brains = {name: attrs.asdict(locked) for name, locked in sorted(self.brains.items())}
        try:
            write_text(path, json.dumps({"brains": brains}, indent=2) + "\n")
        except OSError as error:
            raise LockError(f"{path}: cannot be written ({error.strerror})") from error

    def version_of(self, reference: str) -> str | None:
        """The version to fetch, so that the store may have a newer one; None for what was not fetched."""
        locked = self.brains.get(reference)
        return locked.version if locked and locked.store else None

    def check(self, reference: str, folder: Path) -> None:
        """Raises LockError unless the brain is in the lock and every file hashes to what it says."""
        if reference not in self.brains:
            raise LockError(f"{reference} is not in {LOCK_FILE}", remedy=f"add it: `runner lock {reference}`")
        wanted, there = set(self.brains[reference].files), set(describe_brain_files(folder))
        if wanted != there:
            paths = ", ".join(sorted({file.path for file in wanted ^ there}))
            raise LockError(
                f"{reference}: {folder} is not what {LOCK_FILE} says: {paths}", remedy="pull it again, or lock it anew"
            )


def describe_brain_files(place: Path) -> tuple[ArtifactFile, ...]:
    """Every file of a brain's folder, or the one file and the card beside it, with sha256 and size.

    The cache's receipt is none of them.
    """
    if place.is_dir():
        return tuple(file for file in describe_files(place, place) if file.path != Receipt.RECEIPT_FILE)
    card = place.parent / CARD
    return tuple(file for path in (place, card) if path.is_file() for file in describe_files(place.parent, path))
