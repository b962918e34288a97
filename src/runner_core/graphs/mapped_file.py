"""A file's bytes, mapped into memory: what is not looked at is not read."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path


def map_file(path: Path) -> mmap:
    """Raises OSError for a file that cannot be opened, ValueError for an empty one."""
    with path.open("rb") as stream:
        return mmap(stream.fileno(), 0, access=ACCESS_READ)
