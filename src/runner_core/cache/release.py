"""Release: a brain of one version as a store offers it, file by file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

import attrs

from runner_core.cache.receipt import Receipt
from runner_core.errors import StoreError
from runner_core.util.location import redact_url

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@attrs.frozen
class Body:
    """Bytes on their way: ``chunks`` begin at ``offset`` of a file of ``size`` bytes in all, if that is known.

    ``validator`` changes when the file does (an ETag); without one, or a sha256, a transfer that was cut starts again.
    ``framed``    whether a body that was cut ends in an error rather than as one that is complete.
    """

    offset: int
    size: int | None
    chunks: Iterator[bytes]
    validator: str = ""
    framed: bool = True


# Called with the offset to go on from and the validator of what is there. Gives offset 0 where it cannot go on.
Opener = Callable[[int, str], AbstractContextManager[Body]]


@attrs.frozen
class RemoteFile:
    """One file of a release. Raises StoreError for what is no path, sha256 or size: these become names on this disk.

    ``path``      where it goes below the brain's folder.
    ``url``       where it is, for messages.
    ``open``      how its bytes are had.
    ``sha256``    in hex, ``size`` in bytes: what it must be; None where the store does not say.
    ``identity``  where there is no sha256: text that changes when the contents do.
    ``check``     called with the complete file before it is kept; raises StoreError or EngineError to refuse it.
    """

    path: str
    url: str = attrs.field(converter=redact_url)
    open: Opener
    sha256: str | None = None
    size: int | None = None
    identity: str = ""
    check: Callable[[Path], None] | None = None

    def __attrs_post_init__(self) -> None:
        check_path(self.path, self.url)
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise StoreError(f"{self.url}: {self.sha256!r} is no sha256 in hex")
        if self.size is not None and self.size < 0:
            raise StoreError(f"{self.url}: no file has {self.size} bytes")


@attrs.frozen
class Release:
    """A brain of one version. Raises StoreError for names that would climb out of the cache or overwrite each other."""

    store: str
    name: str
    version: str
    files: tuple[RemoteFile, ...]

    def __attrs_post_init__(self) -> None:
        check_name(self.name, self.store)
        check_name(self.version, self.store)
        places = {PurePosixPath(file.path).as_posix().casefold() for file in self.files}
        if len(places) != len(self.files):  # some file systems take A and a for one
            raise StoreError(f"{self.store}: {self.name} has two files of one path")
        if Receipt.RECEIPT_FILE in places:
            raise StoreError(
                f"{self.store}: {self.name} has a file {Receipt.RECEIPT_FILE}: that name is the cache's own"
            )

    @property
    def brain(self) -> str:
        """What all its versions have in common."""
        return f"{self.store} {self.name}"


def check_name(text: str, where: str) -> None:
    """Raises StoreError for what cannot be the name of a brain or of a version: it becomes a folder's name."""
    if not _NAME.fullmatch(text):
        raise StoreError(f"{where}: {text!r} is no name for a brain or a version")


def check_path(path: str, where: str) -> None:
    """Raises StoreError for a path that is absolute, climbs, means something else on another system, or does not show
    on a terminal what it is.
    """
    parts = PurePosixPath(path).parts
    climbs = not parts or path.startswith("/") or ".." in parts
    if climbs or "\\" in path or ":" in path or not path.isprintable():
        raise StoreError(f"{where}: the file name {path!r} is refused: no plain path within the brain's folder")
