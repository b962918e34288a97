"""Blobs: fetched files named by their sha256, and the transfers that bring them.

``download`` is imported where it is used: it brings the HTTP client, and most brains are opened without one.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from runner_core.cache.locks import hold_lock, try_lock
from runner_core.cache.receipt import hash_text
from runner_core.cache.release import Progress, RemoteFile
from runner_core.cards.artifact import sha256_of

ProgressOf = Callable[[RemoteFile], AbstractContextManager[Progress]]  # exited however the transfer ends
_HEX_DIGITS = 64  # of a sha256
_DIGEST_NOTE = ".sha256"  # suffix of a note: the sha256 of a file for which the store gave none
_ABANDONED_AFTER = 7 * 24 * 3600  # seconds until a transfer counts as abandoned


def show_no_progress(_file: RemoteFile) -> AbstractContextManager[Progress]:
    """Progress that nobody sees."""
    return nullcontext(lambda _arrived, _total: None)


class Blobs:
    """A blob appears by one rename, when its sha256 is known to be right. It is read-only and never changed.

    A process that brings a blob to a folder, or sweeps it, holds the lock of its sha256.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._partial = root / "blobs", root / "partial"

    def size(self) -> int:
        """Bytes of all blobs together."""
        return sum(stat.st_size for _, stat in self._list())

    def install(self, file: RemoteFile, brain: str, path: Path, progress: ProgressOf) -> str:
        """Puts a file of the ``brain`` at ``path`` and returns its sha256.

        Fetches it unless there is a blob of that sha256, or of the sha256 that a file of this identity had when it was
        fetched. Raises StoreError, UnreachableError.
        """
        key = file.sha256 or hash_text(f"{brain} {file.path} {file.identity or file.url}")
        with hold_lock(self._partial, key, file.path):
            known = file.sha256 or (self._read_note(key) if file.identity else None)
            if known and self._link(known, path, file.size):
                return known
            return self._fetch(file, key, path, progress)

    def is_blob(self, path: Path, sha256: str) -> bool:
        """Whether ``path`` is a hard link to that blob: then what is true of the blob is true of it."""
        blob = self._path_of(sha256)
        return blob.exists() and path.samefile(blob)

    def find_damaged(self) -> Iterator[Path]:
        """The blobs whose contents are not what their names say."""
        for path, _ in self._list():
            with suppress(FileNotFoundError):
                if sha256_of(path) != path.name:
                    yield path

    def sweep(self, used: Collection[str]) -> None:
        """Removes the blobs that are not ``used`` and in no folder, and transfers abandoned long ago."""
        from runner_core.cache.download import discard_partial, find_partials

        for path, _ in self._list():
            if path.name not in used:
                with try_lock(self._partial, path.name) as free, suppress(FileNotFoundError):
                    if free and path.stat().st_nlink == 1:
                        path.unlink()
        for partial in find_partials(self._partial):
            with try_lock(self._partial, partial.name) as free:
                if free and not (partial.exists() and time.time() - partial.stat().st_mtime < _ABANDONED_AFTER):
                    discard_partial(partial)
        for note in self._partial.glob(f"*{_DIGEST_NOTE}"):
            with try_lock(self._partial, note.stem) as free:
                known = self._read_note(note.stem)
                if free and not (known and self._path_of(known).exists()):
                    note.unlink()

    def _list(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Every blob; its file name is its sha256."""
        for path in self._root.glob("*/*"):
            with suppress(FileNotFoundError):  # another process may sweep at the same time
                yield path, path.stat()

    def _path_of(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    def _read_note(self, key: str) -> str | None:
        """The sha256 of a file for which the store gave none; None unless it was noted completely."""
        note = self._partial / f"{key}{_DIGEST_NOTE}"
        digest = note.read_text() if note.exists() else ""
        return digest if len(digest) == _HEX_DIGITS else None

    def _link(self, sha256: str, path: Path, size: int | None) -> bool:
        """Puts the blob at ``path``; False if there is none, or if the disk has damaged it."""
        blob = self._path_of(sha256)
        try:
            if size in (None, blob.stat().st_size) and sha256_of(blob) == sha256:
                link_or_copy(blob, path)
                return True
        except FileNotFoundError:
            pass
        return False

    def _fetch(self, file: RemoteFile, key: str, path: Path, progress: ProgressOf) -> str:
        """Fetches and checks the file, puts it at ``path`` and then, when it is in use, among the blobs."""
        from runner_core.cache.download import discard_partial, download

        partial = self._partial / key
        with progress(file) as show:
            digest = download(file, partial, show)
        try:
            if file.check:
                file.check(partial)
        except Exception:
            discard_partial(partial)
            raise
        partial.chmod(0o444)
        link_or_copy(partial, path)
        if key != digest:
            (self._partial / f"{key}{_DIGEST_NOTE}").write_text(digest)
        blob = self._path_of(digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(blob)
        discard_partial(partial)
        return digest


def link_or_copy(file: Path, path: Path) -> None:
    """Gives the file another name; copies it where the file system has no hard links. Never overwrites."""
    try:
        os.link(file, path)
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError:
        with file.open("rb") as source, path.open("xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
