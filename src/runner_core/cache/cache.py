"""Cache: fetched brains under ``RUNNER_HOME``.

    blobs/ab/abcd...        files by their sha256, read-only
    partial/                transfers under way, and locks
    brains/STORE/NAME/VERSION@DIGEST/   a brain: links to blobs, and a receipt
    making/                 folders before they are complete, and on their way out

A blob appears by one rename when its sha256 is known to be right, a brain's folder when all its files are there. So
whatever is killed whenever, no wrong file is ever at a right place.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path

from runner_core.cache.archive import find_changed_files, is_archive
from runner_core.cache.blobs import Blobs, ProgressOf, silent
from runner_core.cache.locks import held, held_if_free
from runner_core.cache.receipt import Receipt, ReceiptFile
from runner_core.cache.release import Release, RemoteFile
from runner_core.cards.artifact import sha256_of
from runner_core.errors import StoreError
from runner_core.util.home import HOME_VARIABLE, home

_GONE = "gone"


class Cache:
    """All methods may be called by many processes at once. Raises StoreError where it cannot be read or written."""

    def __init__(self, root: Path | None = None, *, progress: ProgressOf = silent) -> None:
        self.root = root or home()
        self.progress = progress
        self._blobs = Blobs(self.root)
        self._making, self._locks = self.root / "making", self.root / "partial"

    def install(self, release: Release) -> Path:
        """The folder of the release, fetched as far as it is not here. Raises StoreError, UnreachableError."""
        with usable(self.root):
            known = self._same(release)
            if known:
                return known
            key = Receipt.key(release.brain)
            with held(self._locks, key, release.name):
                return self._same(release) or self._make(release, key)  # another process may have been quicker

    def brains(self) -> Iterator[tuple[Path, Receipt]]:
        """What is here: folders and receipts, the most recently used first."""
        found = []
        for folder in self._folders():
            with suppress(FileNotFoundError, StoreError):  # removed meanwhile; damaged, which ``verify`` says
                found.append((Receipt.used(folder), folder, Receipt.read(folder / Receipt.RECEIPT_FILE)))
        return ((folder, receipt) for _, folder, receipt in sorted(found, key=itemgetter(0), reverse=True))

    def newest(self, name: str, *, store: str | None = None, version: str | None = None) -> tuple[Path, Receipt] | None:
        """The brain of that name that was fetched last, of those whose files are all here; it counts as used."""
        fitting = [
            (folder, receipt)
            for folder, receipt in self._fitting(name, store, version)
            if all(_is_there(folder, file) for file in receipt.files)
        ]
        if not fitting:
            return None
        newest = max(fitting, key=lambda pair: pair[1].fetched)
        Receipt.touch(newest[0])
        return newest

    def remove(self, name: str, *, store: str | None = None, version: str | None = None) -> list[Receipt]:
        """Removes the brains of that name and the blobs that only they used; says which."""
        with usable(self.root):
            gone = [receipt for folder, receipt in self._fitting(name, store, version) if self._drop(folder)]
            self._sweep()
        return gone

    def prune(self, keep: int) -> list[Receipt]:
        """Removes the least recently used brains until the blobs take at most ``keep`` bytes."""
        dropped = []
        with usable(self.root):
            self._sweep()
            for folder, receipt in reversed(list(self.brains())):
                if self.size() <= keep:
                    break
                if self._drop(folder):
                    dropped.append(receipt)
                    self._sweep()
        return dropped

    def size(self) -> int:
        """Bytes in blobs."""
        return self._blobs.size()

    def verify(self, *, repair: bool = False) -> list[str]:
        """Hashes every blob and file again and says what is wrong. ``repair`` removes it: the next pull fetches it."""
        with usable(self.root):
            damaged = list(self._blobs.damaged())
            said = [f"{blob}: is not what its name says" for blob in damaged]
            for folder in self._folders():
                wrong = self._wrong(folder, {blob.name for blob in damaged})
                said += wrong
                if wrong and repair:
                    self._drop(folder)
            for blob in damaged if repair else ():
                blob.unlink(missing_ok=True)
        return said

    def _fitting(self, name: str, store: str | None, version: str | None) -> list[tuple[Path, Receipt]]:
        return [
            (folder, receipt)
            for folder, receipt in self.brains()
            if receipt.name == name and store in (None, receipt.store) and version in (None, receipt.version)
        ]

    def _folders(self) -> Iterator[Path]:
        return (path for path in self.root.glob("brains/*/*/[!.]*") if path.is_dir())

    def _wrong(self, folder: Path, damaged: set[str]) -> list[str]:
        """What is wrong with a brain's folder; nothing where it was removed meanwhile."""
        try:
            receipt = Receipt.read(folder / Receipt.RECEIPT_FILE)
            bad = [path for file in receipt.files for path in self._bad(folder / file.path, file, damaged)]
            wrong = [f"{path}: missing or changed since it was fetched" for path in bad]
        except (FileNotFoundError, NotADirectoryError):
            wrong = [f"{folder}: has no receipt"]
        except StoreError as error:
            wrong = [error.message]
        return wrong if folder.exists() else []

    def _bad(self, path: Path, file: ReceiptFile, damaged: set[str]) -> list[Path]:
        """The file, or what it was unpacked to, as far as that is not what was fetched."""
        if not path.is_file():
            return [path]
        is_blob = self._blobs.is_blob(path, file.sha256)
        right = file.sha256 not in damaged if is_blob else sha256_of(path) == file.sha256
        if not right:
            return [path]
        return find_changed_files(path) if is_archive(path.name) else []

    def _same(self, release: Release) -> Path | None:
        """The folder of a release that is here already, by the files' sha256 or identity."""
        for folder, receipt in self.brains():
            if (receipt.store, receipt.name, receipt.version) == (release.store, release.name, release.version):
                there = {file.path: file for file in receipt.files}
                if len(there) == len(release.files) and all(
                    _is_known(folder, there.get(file.path), file) for file in release.files
                ):
                    Receipt.touch(folder)
                    return folder
        return None

    def _make(self, release: Release, key: str) -> Path:
        """The release's folder, made beside its place and renamed into it; whoever makes it holds the lock ``key``."""
        self._making.mkdir(parents=True, exist_ok=True)
        for left in self._making.glob(f"{key}-*"):  # of a process that was killed: nobody else holds the lock
            shutil.rmtree(left, ignore_errors=True)
        making = Path(tempfile.mkdtemp(dir=self._making, prefix=f"{key}-"))
        try:
            files = tuple(self._bring(file, release.brain, making) for file in release.files)
            receipt = Receipt(release.store, release.name, release.version, files)
            receipt.write(making)
            folder = self.root / "brains" / receipt.folder
            folder.parent.mkdir(parents=True, exist_ok=True)
            if folder.exists():  # damaged, or it would have been found
                self._drop(folder)
            making.chmod(0o755)  # mkdtemp makes it private, which nothing else in the cache is
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return folder

    def _bring(self, file: RemoteFile, brain: str, making: Path) -> ReceiptFile:
        path = making / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = self._blobs.bring(file, brain, path, self.progress)
        return ReceiptFile(file.path, digest, path.stat().st_size, file.identity)

    def _drop(self, folder: Path) -> bool:
        """Out of sight by one rename, then away; whether it was there."""
        self._making.mkdir(parents=True, exist_ok=True)
        with held(self._locks, _GONE, folder.name):
            aside = Path(tempfile.mkdtemp(dir=self._making, prefix=f"{_GONE}-"))
            try:
                folder.rename(aside / folder.name)
            except FileNotFoundError:  # another process was quicker
                return False
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return True

    def _sweep(self) -> None:
        """Removes what killed processes left half-made, then the blobs that no brain uses."""
        for left in self._making.glob("*-*"):
            with held_if_free(self._locks, left.name.partition("-")[0]) as nobody_makes_it:
                if nobody_makes_it:
                    shutil.rmtree(left, ignore_errors=True)
        self._blobs.sweep({file.sha256 for _, receipt in self.brains() for file in receipt.files})


def _is_known(folder: Path, there: ReceiptFile | None, file: RemoteFile) -> bool:
    """Whether the file is here and still what the store offers."""
    if there is None or not _is_there(folder, there):
        return False
    return there.sha256 == file.sha256 if file.sha256 else bool(file.identity) and there.identity == file.identity


def _is_there(folder: Path, file: ReceiptFile) -> bool:
    """As far as its size tells: hashing is for ``verify``."""
    path = folder / file.path
    return path.is_file() and path.stat().st_size == file.size


_ELSEWHERE = f"set {HOME_VARIABLE} to a folder of yours"
_FREE = "free some space: `runner brains prune --keep-size 1GB`"
_REMEDIES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST), _ELSEWHERE),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FREE),
}


@contextmanager
def usable(root: Path) -> Iterator[None]:
    """Turns an OSError into a StoreError that says which file of the cache, and what to do."""
    try:
        yield
    except OSError as error:
        place = error.filename or root
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise StoreError(f"{place}: the cache cannot be used ({error.strerror or error})", remedy=remedy) from error
