"""One file from a store to the disk: resumed where it was cut, checked for length and sha256."""

from __future__ import annotations

import errno
import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import requests
import urllib3

from runner_core.cache.http import IDEMPOTENT, retries
from runner_core.cache.release import Body, RemoteFile
from runner_core.errors import StoreError, UnreachableError

Progress = Callable[[int, int | None], None]  # bytes there, bytes in all if known
_CUT = (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)
_CHUNK = 1 << 20


def download(file: RemoteFile, partial: Path, progress: Progress) -> str:
    """Completes ``partial`` and gives its sha256. Raises StoreError, UnreachableError; what arrived is kept.

    The caller holds the lock of ``partial``.
    """
    resumed = _start(partial)
    digest = _attempts(file, partial, progress)
    if file.sha256 is None or digest == file.sha256:
        return digest
    discard(partial)
    if resumed:  # the file may have changed between the two halves: once more, from its first byte
        return download(file, partial, progress)
    raise StoreError(
        f"{file.url}: the sha256 of what arrived is {digest}, the store says {file.sha256}",
        remedy="tell the store's owner",
    )


def discard(partial: Path) -> None:
    """Forgets a transfer."""
    partial.unlink(missing_ok=True)
    _note(partial).unlink(missing_ok=True)


def _start(partial: Path) -> int:
    """How many bytes are there; those of unknown origin are dropped."""
    there = partial.stat().st_size if partial.exists() else 0
    if there and not _note(partial).exists():
        discard(partial)
        return 0
    return there


def _attempts(file: RemoteFile, partial: Path, progress: Progress) -> str:
    """Goes on after each cut, as often as the retry policy allows without a byte of progress."""
    policy = retries()
    while True:
        before = partial.stat().st_size if partial.exists() else 0
        try:
            return _transfer(file, partial, progress)
        except _CUT as error:
            if partial.exists() and partial.stat().st_size > before:
                policy = retries()
            policy = _again(policy, file, error)
            policy.sleep()


def _again(policy: urllib3.Retry, file: RemoteFile, error: Exception) -> urllib3.Retry:
    cut = urllib3.exceptions.ProtocolError(str(error))
    try:
        return policy.increment(method=next(iter(IDEMPOTENT)), url=file.url, error=cut)
    except (urllib3.exceptions.HTTPError, OSError):
        remedy = "run it again: it goes on where it stopped"
        raise UnreachableError(f"{file.url}: the connection was cut ({error})", remedy=remedy) from error


def _transfer(file: RemoteFile, partial: Path, progress: Progress) -> str:
    validator = _note(partial).read_text() if _note(partial).exists() else ""
    there = partial.stat().st_size if partial.exists() else 0
    if there and there == file.size:
        return _rest(partial, there)
    known = bool(file.sha256 or validator)  # else nothing would tell that two halves belong together
    with file.open(there if known else 0, validator) as body:
        total = file.size if file.size is not None else body.size
        _note(partial).write_text(body.validator)
        with _writing(partial, body.offset) as (stream, hasher):
            for chunk in body.chunks:
                stream.write(chunk)
                hasher.take(chunk)
                progress(stream.tell(), total)
                _check_length(stream.tell(), total, file, partial)
            arrived = stream.tell()
        _check_whole(arrived, total, body, file)
        return hasher.digest()


@contextmanager
def _writing(partial: Path, offset: int) -> Iterator[tuple[BinaryIO, Hasher]]:
    """The partial file, cut to ``offset`` and open at its end, and a hasher that has seen what is there."""
    hasher = Hasher()
    try:
        partial.touch()
        with partial.open("r+b", buffering=0) as stream, hasher:
            while stream.tell() < offset and (chunk := stream.read(min(_CHUNK, offset - stream.tell()))):
                hasher.take(chunk)
            stream.truncate()
            yield stream, hasher
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        remedy = "free some space: `runner brains prune --keep-size 1GB`"
        raise StoreError(f"{partial}: cannot be written ({error.strerror})", remedy=remedy) from error


def _check_length(there: int, total: int | None, file: RemoteFile, partial: Path) -> None:
    if total is not None and there > total:
        discard(partial)
        raise StoreError(f"{file.url}: more than the {total} bytes that were promised")


def _check_whole(there: int, total: int | None, body: Body, file: RemoteFile) -> None:
    if file.size is not None and body.size not in (None, file.size):
        raise StoreError(f"{file.url}: the server has {body.size} bytes, the store says {file.size}")
    if total is not None and there < total:
        raise ConnectionError(f"{there} of {total} bytes arrived")


def _rest(partial: Path, size: int) -> str:
    with _writing(partial, size) as (_, hasher):
        pass
    return hasher.digest()


def _note(partial: Path) -> Path:
    """Beside the partial file: the validator of what it is a part of."""
    return partial.with_name(partial.name + ".validator")


class Hasher:
    """sha256 in a thread of its own: hashlib lets go of the interpreter, so hashing costs no time of the transfer."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self._chunks: queue.Queue[bytes | None] = queue.Queue(maxsize=8)
        self._thread = threading.Thread(target=self._work, name="runner-hash", daemon=True)

    def __enter__(self) -> Hasher:
        self._thread.start()
        return self

    def take(self, chunk: bytes) -> None:
        self._chunks.put(chunk)

    def __exit__(self, *_: object) -> None:
        self._chunks.put(None)
        self._thread.join()

    def digest(self) -> str:
        """Hex; to be asked for after the block."""
        return self._sum.hexdigest()

    def _work(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._sum.update(chunk)
