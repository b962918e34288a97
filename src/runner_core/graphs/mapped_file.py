"""A file's bytes, mapped into memory: what is not looked at is not read."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path

from runner_core.util.plain_file import open_plain_file


def map_file(path: Path) -> mmap:
    """Raises OSError for a file that cannot be opened, ValueError for an empty one."""
    with open_plain_file(path) as stream:
        return mmap(stream.fileno(), 0, access=ACCESS_READ)
