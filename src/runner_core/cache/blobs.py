"""Blobs: fetched files by their sha256, and the transfers that bring them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from runner_core.cache.download import Progress, discard, download, transfers
from runner_core.cache.locks import held, held_if_free
from runner_core.cache.receipt import Receipt
from runner_core.cache.release import RemoteFile
from runner_core.cards.artifact import sha256_of

ProgressOf = Callable[[RemoteFile], AbstractContextManager[Progress]]  # ended however the transfer ends
_HEX = 64  # signs of a sha256
_DIGEST = ".sha256"  # ends the name of a note: what a file hashed to that came without a sha256
_FORGOTTEN = 7 * 24 * 3600  # seconds until nobody is thought to go on with a transfer


def silent(_file: RemoteFile) -> AbstractContextManager[Progress]:
    """Progress that nobody sees."""
    return nullcontext(lambda _there, _total: None)


class Blobs:
    """A blob appears by one rename, when its sha256 is known to be right. It is read-only and never changed.

    Whoever brings a blob to a folder, or sweeps it, holds the lock of its sha256.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._partial = root / "blobs", root / "partial"

    def all(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Every blob; its file name is its sha256."""
        for path in self._root.glob("*/*"):
            with suppress(FileNotFoundError):  # another process may sweep meanwhile
                yield path, path.stat()

    def size(self) -> int:
        """Bytes in all."""
        return sum(stat.st_size for _, stat in self.all())

    def bring(self, file: RemoteFile, brain: str, path: Path, progress: ProgressOf) -> str:
        """Puts a file of the ``brain`` at ``path`` and gives its sha256; fetches it unless there is a blob of that
        sha256, or of the one that a file of this identity had when it was fetched. Raises StoreError, UnreachableError.
        """
        key = file.sha256 or Receipt.key(f"{brain} {file.path} {file.identity or file.url}")
        with held(self._partial, key, file.path):
            known = file.sha256 or (self._known(key) if file.identity else None)
            if known and self._link(known, path, file.size):
                return known
            return self._fetch(file, key, path, progress)

    def is_blob(self, path: Path, sha256: str) -> bool:
        """Whether ``path`` is a name of that blob: then what is true of the blob is true of it."""
        blob = self._place(sha256)
        return blob.exists() and path.samefile(blob)

    def damaged(self) -> Iterator[Path]:
        """The blobs that are not what their names say."""
        for path, _ in self.all():
            with suppress(FileNotFoundError):
                if sha256_of(path) != path.name:
                    yield path

    def sweep(self, used: Collection[str]) -> None:
        """Removes the blobs that are not ``used`` and in no folder, and transfers that were given up long ago."""
        for path, _ in self.all():
            if path.name not in used:
                with held_if_free(self._partial, path.name) as free, suppress(FileNotFoundError):
                    if free and path.stat().st_nlink == 1:
                        path.unlink()
        for partial in transfers(self._partial):
            with held_if_free(self._partial, partial.name) as free:
                if free and not (partial.exists() and time.time() - partial.stat().st_mtime < _FORGOTTEN):
                    discard(partial)
        for note in self._partial.glob(f"*{_DIGEST}"):
            with held_if_free(self._partial, note.stem) as free:
                known = self._known(note.stem)
                if free and not (known and self._place(known).exists()):
                    note.unlink()

    def _place(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    def _known(self, key: str) -> str | None:
        """The sha256 that a file had which came without one, if it was noted to the end."""
        note = self._partial / f"{key}{_DIGEST}"
        digest = note.read_text() if note.exists() else ""
        return digest if len(digest) == _HEX else None

    def _link(self, sha256: str, path: Path, size: int | None) -> bool:
        """Puts the blob at ``path``; False where there is none, or one that a disk has spoilt."""
        blob = self._place(sha256)
        try:
            if size in (None, blob.stat().st_size) and sha256_of(blob) == sha256:
                link(blob, path)
                return True
        except FileNotFoundError:
            pass
        return False

    def _fetch(self, file: RemoteFile, key: str, path: Path, progress: ProgressOf) -> str:
        """Fetches the file, checks it, puts it at ``path`` and then, being in use, at its place."""
        partial = self._partial / key
        with progress(file) as seen:
            digest = download(file, partial, seen)
        try:
            if file.check:
                file.check(partial)
        except Exception:
            discard(partial)
            raise
        partial.chmod(0o444)
        link(partial, path)
        if key != digest:
            (self._partial / f"{key}{_DIGEST}").write_text(digest)
        blob = self._place(digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(blob)
        discard(partial)
        return digest


def link(file: Path, path: Path) -> None:
    """Gives the file another name; a copy where the file system knows no hard links. Never overwrites."""
    try:
        os.link(file, path)
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError:
        with file.open("rb") as source, path.open("xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
