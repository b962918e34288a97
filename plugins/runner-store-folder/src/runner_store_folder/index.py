"""``index.json``: what a folder of brains holds, for stores that read it through a web server."""

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
class StoredBrain:
    """A brain in the store; its name and version are those of its folders."""

    name: str
    version: str
    folder: Path
    card: Card

    @property
    def summary(self) -> str:
        return f"{self.card.task}: {', '.join(self.card.labels.names[:5])}"


def write_index(root: Path, brains: Iterable[StoredBrain]) -> None:
    """Lists the brains below ``root``, by name, version, and every file with sha256 and size; whole or not at all.

    A brain whose name or version ``check_name`` refuses is left out, and a warning says so.
    """
    known = _read_known_hashes(root / INDEX)
    entries = [_make_entry(root, brain, known) for brain in brains if _has_valid_names(brain)]
    write_text(root / INDEX, json.dumps({"brains": entries}, indent=1) + "\n")


def _has_valid_names(brain: StoredBrain) -> bool:
    try:
        for text in (brain.name, brain.version):
            check_name(text, str(brain.folder))
    except StoreError as error:
        log.warning("%s; left out of %s", error, INDEX)
        return False
    return True


def _make_entry(root: Path, brain: StoredBrain, known: dict[Path, str]) -> dict[str, Any]:
    return {
        "name": brain.name,
        "version": brain.version,
        "summary": brain.summary,
        "folder": brain.folder.relative_to(root).as_posix(),
        "files": [attrs.asdict(_describe_file(brain.folder, path, known)) for path in _list_files(brain.folder)],
    }


def _list_files(folder: Path) -> list[Path]:
    """No hidden files: they belong to a desktop, or to a cache that the folder was copied from."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _describe_file(folder: Path, path: Path, known: dict[Path, str]) -> ArtifactFile:
    return ArtifactFile(path.relative_to(folder).as_posix(), known.get(path) or sha256_of(path), path.stat().st_size)


def _read_known_hashes(index: Path) -> dict[Path, str]:
    """The sha256 of files that have not changed since the index was written: a push hashes only what it adds."""
    try:
        written = index.stat().st_mtime
        brains = json.loads(index.read_bytes())["brains"]
        listed = [(index.parent / brain["folder"] / file["path"], file) for brain in brains for file in brain["files"]]
        return {path: file["sha256"] for path, file in listed if _is_unchanged(path, file["size"], written)}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _is_unchanged(path: Path, size: int, written: float) -> bool:
    return path.is_file() and path.stat().st_size == size and path.stat().st_mtime < written
