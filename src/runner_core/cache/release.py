"""Release: a brain of one version as a store offers it, file by file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

import attrs

from runner_core.errors import StoreError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*")


@attrs.frozen
class Body:
    """Bytes on their way: ``chunks`` begin at ``offset`` of a file of ``size`` bytes in all, if that is known.

    ``validator`` changes when the file does (an ETag); without one, or a sha256, a transfer that was cut starts again.
    """

    offset: int
    size: int | None
    chunks: Iterator[bytes]
    validator: str = ""


# Called with the offset to go on from and the validator of what is there. Gives offset 0 where it cannot go on.
Opener = Callable[[int, str], AbstractContextManager[Body]]


@attrs.frozen
class RemoteFile:
    """One file of a release.

    ``path``      where it goes below the brain's folder.
    ``url``       where it is, for messages.
    ``open``      how its bytes are had.
    ``sha256``    in hex, ``size`` in bytes: what it must be; None where the store does not say.
    ``identity``  where there is no sha256: text that changes when the contents do.
    ``check``     called with the complete file before it is kept; raises StoreError or EngineError to refuse it.
    """

    path: str
    url: str
    open: Opener
    sha256: str | None = None
    size: int | None = None
    identity: str = ""
    check: Callable[[Path], None] | None = None


@attrs.frozen
class Release:
    """A brain of one version. Raises StoreError for a name or a path that would climb out of the cache."""

    store: str
    name: str
    version: str
    files: tuple[RemoteFile, ...]

    def __attrs_post_init__(self) -> None:
        for text in (self.name, self.version):
            if not _NAME.fullmatch(text):
                raise StoreError(f"{self.store}: {text!r} is no name for a brain or a version")
        for file in self.files:
            check_path(file.path, self.store)


def check_path(path: str, where: str) -> None:
    """Raises StoreError for a path that is absolute, climbs, or means something else on another system."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or any(sign in path for sign in ("\\", ":", "\0")):
        raise StoreError(f"{where}: the file name {path!r} is refused: it leads out of the brain's folder")
