"""Release: a brain of one version as a store offers it, file by file. The cache fetches it.

A store describes what there is, and leaves transfers, checks and folders to the cache::

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        url = f"{self.root}/{name}/model.onnx"
        file = RemoteFile("model.onnx", url, http_opener(self._client, url), sha256=..., size=...)
        return cache.install(Release(self.label, name, version or "1", (file,)))

``http_opener`` reads files over HTTP(S); for another protocol a store writes an ``Opener`` of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

import attrs

from runner_core.cache.receipt import Receipt
from runner_core.errors import StoreError
from runner_core.util.location import redact_url

Progress = Callable[[int, int | None], None]  # bytes arrived, bytes of the whole file if known

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@attrs.frozen
class Body:
    """The bytes of a file, from an offset to its end.

    ``offset``     the first byte that comes: the one that was asked for, or an earlier one.
    ``size``       bytes of the whole file; None if that is not known.
    ``chunks``     the bytes as they arrive, in pieces of any length.
    ``validator``  text that changes when the file does, such as an ETag. Without one, or a sha256 of the file, a
                   transfer that was cut starts again from the beginning.
    ``framed``     whether a transfer that is cut ends in an error; False if it looks as if it were complete.

    While ``chunks`` are read, ConnectionError, TimeoutError and errors of requests and urllib3 mean a cut: the cache
    asks for the rest. StoreError ends the transfer.
    """

    offset: int
    size: int | None
    chunks: Iterator[bytes]
    validator: str = ""
    framed: bool = True


# Opens a file for reading: called with the byte to go on from, and the ``validator`` of the part that is already here
# (empty for none). It may go on from an earlier byte; if the file has changed since, from 0. Raises StoreError,
# UnreachableError, or an error that means a cut (see Body).
Opener = Callable[[int, str], AbstractContextManager[Body]]


@attrs.frozen
class RemoteFile:
    """One file of a release. Raises StoreError for a path, sha256 or size that cannot be one.

    ``path``      where it goes below the brain's folder, with forward slashes.
    ``url``       where it comes from, for messages; accounts and signatures in it are removed.
    ``open``      reads its bytes.
    ``sha256``    what its contents must hash to, in lower-case hex; None if the store does not say.
    ``size``      how many bytes it must have; None if the store does not say.
    ``identity``  for a file without sha256: text that changes when the contents do. Without either, the file is fetched
                  each time.
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
            raise StoreError(f"{self.url}: {self.sha256!r} is not a sha256 in hex")
        if self.size is not None and self.size < 0:
            raise StoreError(f"{self.url}: no file has {self.size} bytes")


@attrs.frozen
class Release:
    """A brain of one version. Raises StoreError for names that would leave the cache or overwrite each other.

    ``store``    the store's ``label``.
    ``name``     of the brain, and ``version``: what ``check_name`` accepts.
    ``files``    all its files: a ``brain.json`` and what it names, or a model file alone.
    """

    store: str
    name: str
    version: str
    files: tuple[RemoteFile, ...]

    def __attrs_post_init__(self) -> None:
        check_name(self.name, self.store)
        check_name(self.version, self.store)
        paths = {PurePosixPath(file.path).as_posix().casefold() for file in self.files}
        if len(paths) != len(self.files):  # for some file systems A and a are the same
            raise StoreError(f"{self.store}: {self.name} has two files of one path")
        if Receipt.RECEIPT_FILE in paths:
            raise StoreError(
                f"{self.store}: {self.name} has a file {Receipt.RECEIPT_FILE}: that name is the cache's own"
            )

    @property
    def brain(self) -> str:
        """What all versions of the brain have in common."""
        return f"{self.store} {self.name}"


def check_name(text: str, where: str) -> None:
    """Raises StoreError naming ``where`` unless the text can be the name of a brain or a version.

    It becomes a folder's name: letters, digits and ``._+-``, in parts separated by slashes, each beginning with a
    letter or digit.
    """
    if not _NAME.fullmatch(text):
        raise StoreError(f"{where}: {text!r} is not a name for a brain or a version")


def check_path(path: str, where: str) -> None:
    """Raises StoreError naming ``where`` unless the path stays within a folder, on every system, and is printable."""
    parts = PurePosixPath(path).parts
    outside = not parts or path.startswith("/") or ".." in parts
    if outside or "\\" in path or ":" in path or not path.isprintable():
        raise StoreError(f"{where}: the file name {path!r} is refused: not a plain path within the brain's folder")
