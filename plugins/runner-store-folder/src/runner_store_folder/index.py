"""``index.json``: what a folder of brains holds, for those who see it through a web server."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from runner_core.cache import check_name
from runner_core.cards import ArtifactFile, Card, sha256_of
from runner_core.errors import StoreError
from runner_core.util import write_text

log = logging.getLogger("runner")
INDEX = "index.json"


@attrs.frozen
class Shelved:
    """A brain in its folder; the store's layout gives its name and version."""

    name: str
    version: str
    folder: Path
    card: Card

    @property
    def summary(self) -> str:
        return f"{self.card.task}: {', '.join(self.card.labels.names[:5])}"


def write_index(root: Path, brains: Iterable[Shelved]) -> None:
    """Lists the brains below ``root``, by name, version, and every file with sha256 and size; whole or not at all.

    What nobody could ask for by its name is left out, and a warning says so.
    """
    known = _known(root / INDEX)
    entries = [_entry(root, brain, known) for brain in brains if _can_be_asked_for(brain)]
    write_text(root / INDEX, json.dumps({"brains": entries}, indent=1) + "\n")


def _can_be_asked_for(brain: Shelved) -> bool:
    try:
        for text in (brain.name, brain.version):
            check_name(text, str(brain.folder))
    except StoreError as error:
        log.warning("%s; left out of %s", error, INDEX)
        return False
    return True


def _entry(root: Path, brain: Shelved, known: dict[Path, str]) -> dict[str, Any]:
    return {
        "name": brain.name,
        "version": brain.version,
        "summary": brain.summary,
        "folder": brain.folder.relative_to(root).as_posix(),
        "files": [attrs.asdict(_described(brain.folder, path, known)) for path in _files(brain.folder)],
    }


def _files(folder: Path) -> list[Path]:
    """Nothing hidden: what begins with a dot belongs to a desktop, or to a cache that the folder was copied from."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _described(folder: Path, path: Path, known: dict[Path, str]) -> ArtifactFile:
    return ArtifactFile(path.relative_to(folder).as_posix(), known.get(path) or sha256_of(path), path.stat().st_size)


def _known(index: Path) -> dict[Path, str]:
    """The sha256 of files that are as they were when the index was written: a push hashes what it brings alone."""
    try:
        written = index.stat().st_mtime
        brains = json.loads(index.read_bytes())["brains"]
        told = [(index.parent / brain["folder"] / file["path"], file) for brain in brains for file in brain["files"]]
        return {path: file["sha256"] for path, file in told if _is_as_told(path, file["size"], written)}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _is_as_told(path: Path, size: int, written: float) -> bool:
    return path.is_file() and path.stat().st_size == size and path.stat().st_mtime < written
