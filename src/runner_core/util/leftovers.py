"""What a killed process leaves: files that are not finished, and how to tell them from those of a living one.

Who writes a file that will be renamed to its place claims it: the system lets go of the claim when the process ends,
however it ends. What nobody claims is left over.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import attrs

try:
    import fcntl
except ImportError:  # Windows, where nobody can remove what is open
    fcntl = None  # type: ignore[assignment]

# As ``write_bytes`` and whole files are called before they are at their places; without the random letters they are of
# a run that can be gone on with.
_RANDOM = re.compile(r"\.(.+)-(?:[0-9a-z_]{8}|[0-9a-f]{12})\.part")
_RESUMABLE = re.compile(r"\.(.+\.(?:csv|json|parquet|xml))\.(?:part|spool)")


@attrs.frozen
class Leftover:
    """A file or a folder; ``claim`` is held while it is removed, and gives False while somebody uses it."""

    path: Path
    claim: Callable[[], AbstractContextManager[bool]]
    is_lock: bool = False  # it holds nothing, and nobody misses it

    @property
    def size(self) -> int:
        """In bytes, with all that is in it."""
        files = [self.path, *(self.path.rglob("*") if self.path.is_dir() else ())]
        return sum(file.lstat().st_size for file in files if not file.is_dir())

    @property
    def is_free(self) -> bool:
        """Whether nobody uses it."""
        with self.claim() as free:
            return free

    def remove(self) -> bool:
        """Whether it is gone. Raises OSError."""
        with self.claim() as free:
            if free and self.path.is_dir() and not self.path.is_symlink():
                shutil.rmtree(self.path)
            elif free:
                self.path.unlink(missing_ok=True)
            return free


def claim_open(descriptor: int) -> bool:
    """Claims what is open there until it is closed, also by the end of this process; False where another has."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # or a file system that has no locks, where nothing is known to be left over
        return False
    return True


@contextmanager
def claim_path(path: Path) -> Iterator[bool]:
    """Claims a file or a folder in the block, if it can be; yields whether it could."""
    if fcntl is None:
        yield not path.is_dir()
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        yield claim_open(descriptor)
    finally:
        os.close(descriptor)


def find_leftovers(place: Path, *, random_only: bool = False) -> Iterator[Leftover]:
    """Unfinished files beside a file that an output is named, or in and below a folder; also those in use.

    ``random_only`` leaves out those with which a stopped run is gone on with.
    """
    patterns = (_RANDOM,) if random_only else (_RANDOM, _RESUMABLE)
    folders = os.walk(place) if place.is_dir() else _list_folder(place.parent)
    for parent, _, names in folders:
        for name in sorted(name for name in names if name.startswith(".")):
            found = next(filter(None, (pattern.fullmatch(name) for pattern in patterns)), None)
            if found and (place.is_dir() or found[1] == place.name or found[1].startswith(f"{place.stem}.")):
                path = Path(parent, name)
                yield Leftover(path, partial(claim_path, path))


def _list_folder(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    with suppress(OSError):
        yield str(folder), [], os.listdir(folder)  # noqa: PTH208  # a folder may have a million files
