"""The error for a path that does not exist."""

from __future__ import annotations

import difflib
import os
from itertools import islice
from pathlib import Path

from runner_core.errors import SourceError

_MAX_ENTRIES = 10_000  # of a folder that are compared; more would take seconds


def make_missing_error(path: str) -> SourceError:
    """An error that names the path and existing paths with similar spelling."""
    close = " or ".join(_find_close_names(Path(path)))
    remedy = f"did you mean {close}?" if close else "check the path"
    return SourceError(f"{path}: no such file or folder", remedy=remedy)


def _find_close_names(path: Path) -> list[str]:
    """Existing paths with names similar to the first part of ``path`` that does not exist."""
    while not path.parent.is_dir():
        path = path.parent
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, _MAX_ENTRIES)]
    except OSError:
        return []
    return [str(path.parent / match) for match in difflib.get_close_matches(path.name, names)]
