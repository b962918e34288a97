"""Downloads one file from a store: resumed where it was cut, its length and sha256 checked."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs
import requests
import urllib3

from runner_core.cache.http import make_retry_policy, spend_retry
from runner_core.cache.limits import Limits
from runner_core.cache.release import Body, Progress, RemoteFile
from runner_core.errors import StoreError

_CUT = (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)
_CHUNK = 1 << 20
_NOTE = ".validator"  # suffix of a note beside a partial file: the validator of what it is a part of


@attrs.frozen
class _Arrived:
    """A complete file: its sha256 in hex, and whether one answer brought all of it."""

    sha256: str
    in_one_answer: bool


def download(file: RemoteFile, partial: Path, progress: Progress) -> str:
    """Completes ``partial`` and returns its sha256 in hex. What arrived is kept, whatever happens.

    Raises StoreError, UnreachableError; OSError where the disk fails. The caller holds the lock of ``partial``.
    """
    digest = ""
    for _ in range(2):  # pieces may come from two states of the file: then once more
        arrived = _transfer_with_retries(file, partial, progress)
        digest = arrived.sha256
        if file.sha256 in (None, digest):
            return digest
        discard_partial(partial)
        if arrived.in_one_answer:
            break
    raise StoreError(
        f"{file.url}: the sha256 of what arrived is {digest}, the store says {file.sha256}",
        remedy="tell the store's owner",
    )


def discard_partial(partial: Path) -> None:
    """Removes a partial file and its note."""
    partial.unlink(missing_ok=True)
    _note_of(partial).unlink(missing_ok=True)


def find_partials(folder: Path) -> Iterator[Path]:
    """The partial files in a folder."""
    return (note.with_suffix("") for note in folder.glob(f"*{_NOTE}"))


def _transfer_with_retries(file: RemoteFile, partial: Path, progress: Progress) -> _Arrived:
    """Goes on after each cut, as often as the retry policy allows without a byte of progress."""
    policy = make_retry_policy()
    while True:
        before = _arrived_bytes(partial)
        try:
            return _transfer_once(file, partial, progress)
        except _CUT as error:
            if _arrived_bytes(partial) > before:
                policy = make_retry_policy()
            policy = spend_retry(policy, file.url, error, remedy="run it again: it goes on where it stopped")
            policy.sleep()


def _transfer_once(file: RemoteFile, partial: Path, progress: Progress) -> _Arrived:
    """Asks once for all that is missing."""
    validator = _read_validator(partial)
    known = bool(file.sha256 or validator)  # otherwise nothing shows that two halves belong together
    wanted = _arrived_bytes(partial) if known else 0
    if wanted and wanted == file.size:
        return _Arrived(_hash_partial(partial, wanted), in_one_answer=False)
    with file.open(wanted, validator) as body:
        _check_length(body, file)
        _prepare_partial(body, wanted, validator, partial)
        digest = _receive(body, file, partial, progress)
    return _Arrived(digest, in_one_answer=body.offset == 0)


def _check_length(body: Body, file: RemoteFile) -> None:
    """Raises StoreError before the first byte if the length is wrong, or if nothing would show that it is."""
    if file.size is not None and body.size not in (None, file.size):
        raise StoreError(f"{file.url}: the server has {body.size} bytes, the store says {file.size}")
    if body.size is None and file.size is None and file.sha256 is None and not body.framed:
        raise StoreError(f"{file.url}: the server says neither how long the file is nor where it ends")


def _prepare_partial(body: Body, wanted: int, validator: str, partial: Path) -> None:
    """Makes ``partial`` what the body goes on from, and notes the validator. Raises ConnectionError to start again."""
    if body.offset > wanted:
        raise ConnectionError(f"byte {wanted} was asked for, byte {body.offset} came")
    if body.offset and validator and body.validator not in ("", validator):
        discard_partial(partial)
        raise ConnectionError("the file changed since its first part was fetched")
    if not body.offset:
        discard_partial(partial)  # first, or bytes of one state would get the validator of another
        _note_of(partial).write_text(body.validator)


def _receive(body: Body, file: RemoteFile, partial: Path, progress: Progress) -> str:
    total = file.size if file.size is not None else body.size
    limits = Limits(file.url, partial, total)
    with _open_partial(partial, body.offset) as (stream, hasher):
        arrived = stream.tell()
        for chunk in body.chunks:
            _write(stream, chunk)
            hasher.update(chunk)
            arrived += len(chunk)
            progress(arrived, total)
            limits.count(arrived)
            if total is not None and arrived > total:
                discard_partial(partial)
                raise StoreError(f"{file.url}: more than the {total} bytes that were promised")
    if total is not None and arrived < total:
        raise ConnectionError(f"{arrived} of {total} bytes arrived")
    return hasher.digest()


@contextmanager
def _open_partial(partial: Path, offset: int) -> Iterator[tuple[BinaryIO, Hasher]]:
    """The partial file, cut to ``offset`` and open at its end, and a hasher that has seen what is there."""
    hasher = Hasher()
    partial.touch()
    partial.chmod(0o644)  # a process that was killed at the very end left it read-only
    with partial.open("r+b", buffering=0) as stream, hasher:
        while stream.tell() < offset and (chunk := stream.read(min(_CHUNK, offset - stream.tell()))):
            hasher.update(chunk)
        stream.truncate()
        yield stream, hasher


def _write(stream: BinaryIO, chunk: bytes) -> None:
    """Writes all of it: on a nearly full disk an unbuffered file takes less, and raises only at the next write."""
    left = memoryview(chunk)
    while left:
        left = left[stream.write(left) :]


def _hash_partial(partial: Path, size: int) -> str:
    with _open_partial(partial, size) as (_, hasher):
        pass
    return hasher.digest()


def _arrived_bytes(partial: Path) -> int:
    """Bytes in the partial file; 0 without a note of what they are a part of."""
    return partial.stat().st_size if partial.exists() and _note_of(partial).exists() else 0


def _read_validator(partial: Path) -> str:
    note = _note_of(partial)
    return note.read_text() if note.exists() else ""


def _note_of(partial: Path) -> Path:
    return partial.with_name(partial.name + _NOTE)


class Hasher:
    """Computes a sha256 in a thread of its own: hashlib releases the GIL, so hashing does not slow the transfer."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._chunks: queue.Queue[bytes | None] = queue.Queue(maxsize=8)
        self._thread = threading.Thread(target=self._hash_chunks, name="runner-hash", daemon=True)

    def __enter__(self) -> Hasher:
        self._thread.start()
        return self

    def update(self, chunk: bytes) -> None:
        self._chunks.put(chunk)

    def __exit__(self, *_: object) -> None:
        self._chunks.put(None)
        self._thread.join()

    def digest(self) -> str:
        """In hex; only after the ``with`` block."""
        return self._sha256.hexdigest()

    def _hash_chunks(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._sha256.update(chunk)
