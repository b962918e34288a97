"""Missing: what to say of a path where nothing is."""

from __future__ import annotations

import difflib
import os
from itertools import islice
from pathlib import Path

from runner_core.errors import SourceError

_ENTRIES = 10_000  # of a folder are compared; more would take seconds


def missing(path: str) -> SourceError:
    """An error that names the path, and what is there and spelled much like it."""
    close = " or ".join(_close_names(Path(path)))
    remedy = f"did you mean {close}?" if close else "check the path"
    return SourceError(f"{path}: no such file or folder", remedy=remedy)


def _close_names(path: Path) -> list[str]:
    """Paths like the first part of ``path`` that is not there."""
    while not path.parent.is_dir():
        path = path.parent
    try:
        with os.scandir(path.parent) as entries:
            there = [entry.name for entry in islice(entries, _ENTRIES)]
    except OSError:
        return []
    return [str(path.parent / match) for match in difflib.get_close_matches(path.name, there)]
