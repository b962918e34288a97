"""``brains.lock``: the brains of a project, to the last bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs

from runner_core.artifact import ArtifactFile, describe_files
from runner_core.atomic import write_text
from runner_core.cache.receipt import Receipt
from runner_core.errors import LockError

FILE_NAME = "brains.lock"


@attrs.frozen
class Locked:
    """One brain: its version, the store it came from, every file with sha256 and size."""

    version: str
    store: str
    files: tuple[ArtifactFile, ...]


@attrs.frozen
class Lock:
    """Brains by the reference they are named with."""

    brains: dict[str, Locked]

    @classmethod
    def read(cls, path: Path) -> Lock:
        """Raises LockError where there is none or it is damaged."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))["brains"]
            return cls({name: _locked(entry) for name, entry in data.items()})
        except FileNotFoundError:
            raise LockError(f"{path}: no lock file", remedy="write one: `runner lock BRAIN ...`") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LockError(f"{path}: not a lock file ({error})") from error

    def write(self, path: Path) -> None:
        """Whole or not at all."""
        brains = {name: attrs.asdict(locked) for name, locked in sorted(self.brains.items())}
        write_text(path, json.dumps({"brains": brains}, indent=2) + "\n")

    def check(self, reference: str, folder: Path) -> None:
        """Raises LockError unless the brain is in the lock and every file hashes to what it says."""
        if reference not in self.brains:
            raise LockError(f"{reference} is not in {FILE_NAME}", remedy=f"add it: `runner lock {reference}`")
        wanted, there = set(self.brains[reference].files), set(files_of(folder))
        if wanted != there:
            paths = ", ".join(sorted({file.path for file in wanted ^ there}))
            raise LockError(
                f"{reference}: {folder} is not what {FILE_NAME} says: {paths}", remedy="pull it again, or lock it anew"
            )


def files_of(place: Path) -> tuple[ArtifactFile, ...]:
    """Every file of a brain's folder, or the one file, with sha256 and size; the cache's receipt is none of them."""
    root = place if place.is_dir() else place.parent
    return tuple(file for file in describe_files(root, place) if file.path != Receipt.FILE_NAME)


def _locked(entry: dict[str, Any]) -> Locked:
    return Locked(entry["version"], entry["store"], tuple(ArtifactFile(**file) for file in entry["files"]))
