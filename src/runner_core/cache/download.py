"""One file from a store to the disk: resumed where it was cut, checked for length and sha256."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs
import requests
import urllib3

from runner_core.cache.http import again, retries
from runner_core.cache.release import Body, RemoteFile
from runner_core.errors import StoreError

Progress = Callable[[int, int | None], None]  # bytes there, bytes in all if known
_CUT = (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)
_CHUNK = 1 << 20
_NOTE = ".validator"


@attrs.frozen
class _Arrived:
    """A complete file: its sha256, and whether one answer brought all of it."""

    sha256: str
    at_once: bool


def download(file: RemoteFile, partial: Path, progress: Progress) -> str:
    """Completes ``partial`` and gives its sha256. What arrived is kept, whatever happens.

    Raises StoreError, UnreachableError; OSError where the disk fails. The caller holds the lock of ``partial``.
    """
    digest = ""
    for _ in range(2):  # what came in pieces may be pieces of two states of the file: then once more
        arrived = _attempts(file, partial, progress)
        digest = arrived.sha256
        if file.sha256 in (None, digest):
            return digest
        discard(partial)
        if arrived.at_once:
            break
    raise StoreError(
        f"{file.url}: the sha256 of what arrived is {digest}, the store says {file.sha256}",
        remedy="tell the store's owner",
    )


def discard(partial: Path) -> None:
    """Forgets a transfer."""
    partial.unlink(missing_ok=True)
    _note(partial).unlink(missing_ok=True)


def transfers(folder: Path) -> Iterator[Path]:
    """The partial files in a folder."""
    return (note.with_suffix("") for note in folder.glob(f"*{_NOTE}"))


def _attempts(file: RemoteFile, partial: Path, progress: Progress) -> _Arrived:
    """Goes on after each cut, as often as the retry policy allows without a byte of progress."""
    policy = retries()
    while True:
        before = _there(partial)
        try:
            return _transfer(file, partial, progress)
        except _CUT as error:
            if _there(partial) > before:
                policy = retries()
            policy = again(policy, file.url, error, remedy="run it again: it goes on where it stopped")
            policy.sleep()


def _transfer(file: RemoteFile, partial: Path, progress: Progress) -> _Arrived:
    """One request for all that is missing."""
    validator = _validator(partial)
    known = bool(file.sha256 or validator)  # else nothing would tell that two halves belong together
    wanted = _there(partial) if known else 0
    if wanted and wanted == file.size:
        return _Arrived(_rest(partial, wanted), at_once=False)
    with file.open(wanted, validator) as body:
        _check_promise(body, file)
        _begin(body, wanted, validator, partial)
        digest = _receive(body, file, partial, progress)
    return _Arrived(digest, at_once=body.offset == 0)


def _check_promise(body: Body, file: RemoteFile) -> None:
    """Raises StoreError before the first byte where the length can only be wrong, or nothing would show that it is."""
    if file.size is not None and body.size not in (None, file.size):
        raise StoreError(f"{file.url}: the server has {body.size} bytes, the store says {file.size}")
    if body.size is None and file.size is None and file.sha256 is None and not body.framed:
        raise StoreError(f"{file.url}: the server says neither how long the file is nor where it ends")


def _begin(body: Body, wanted: int, validator: str, partial: Path) -> None:
    """Makes ``partial`` what the body goes on from, and notes of what it is a part."""
    if body.offset > wanted:
        raise ConnectionError(f"byte {wanted} was asked for, byte {body.offset} came")
    if body.offset and validator and body.validator not in ("", validator):
        discard(partial)
        raise ConnectionError("the file changed since its first part was fetched")
    if not body.offset:
        discard(partial)  # first, or bytes of one state would stand under the validator of another
        _note(partial).write_text(body.validator)


def _receive(body: Body, file: RemoteFile, partial: Path, progress: Progress) -> str:
    total = file.size if file.size is not None else body.size
    with _writing(partial, body.offset) as (stream, hasher):
        arrived = stream.tell()
        for chunk in body.chunks:
            _write(stream, chunk)
            hasher.take(chunk)
            arrived += len(chunk)
            progress(arrived, total)
            if total is not None and arrived > total:
                discard(partial)
                raise StoreError(f"{file.url}: more than the {total} bytes that were promised")
    if total is not None and arrived < total:
        raise ConnectionError(f"{arrived} of {total} bytes arrived")
    return hasher.digest()


@contextmanager
def _writing(partial: Path, offset: int) -> Iterator[tuple[BinaryIO, Hasher]]:
    """The partial file, cut to ``offset`` and open at its end, and a hasher that has seen what is there."""
    hasher = Hasher()
    partial.touch()
    partial.chmod(0o644)  # a puller that was killed at the very end left it read-only
    with partial.open("r+b", buffering=0) as stream, hasher:
        while stream.tell() < offset and (chunk := stream.read(min(_CHUNK, offset - stream.tell()))):
            hasher.take(chunk)
        stream.truncate()
        yield stream, hasher


def _write(stream: BinaryIO, chunk: bytes) -> None:
    """All of it: an unbuffered file takes less where the disk is nearly full, and says so only when asked again."""
    left = memoryview(chunk)
    while left:
        left = left[stream.write(left) :]


def _rest(partial: Path, size: int) -> str:
    with _writing(partial, size) as (_, hasher):
        pass
    return hasher.digest()


def _there(partial: Path) -> int:
    """How many bytes are there; without a note of what they are a part, none."""
    return partial.stat().st_size if partial.exists() and _note(partial).exists() else 0


def _validator(partial: Path) -> str:
    note = _note(partial)
    return note.read_text() if note.exists() else ""


def _note(partial: Path) -> Path:
    """Beside the partial file: the validator of what it is a part of."""
    return partial.with_name(partial.name + _NOTE)


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
