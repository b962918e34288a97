"""Cache: fetched brains under ``RUNNER_HOME``.

    blobs/ab/abcd...        files named by their sha256, read-only
    partial/                transfers under way, and locks
    brains/STORE/NAME/VERSION@DIGEST/   a brain: links to blobs, and a receipt
    making/                 folders before they are complete, and while they are removed

A blob appears by one rename when its sha256 is known to be right, a brain's folder when all its files are there. So
whenever a process is killed, no wrong file is ever at a right place.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from operator import itemgetter
from pathlib import Path

from runner_core.cache.archive import find_changed_files, is_archive
from runner_core.cache.blobs import Blobs, ProgressOf, show_no_progress
from runner_core.cache.locks import hold_lock, try_lock
from runner_core.cache.receipt import Receipt, ReceiptFile, hash_text
from runner_core.cache.release import Release, RemoteFile
from runner_core.cards.artifact import sha256_of
from runner_core.errors import StoreError
from runner_core.util.home import HOME_VARIABLE, find_home

_REMOVED = "gone"  # key of the lock, and prefix of the folders, of brains on their way out
_OTHER_HOME = f"set {HOME_VARIABLE} to a folder of yours"
_FREE_SPACE = "free some space: `runner brains prune --keep-size 1GB`"
_REMEDIES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST), _OTHER_HOME),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FREE_SPACE),
}


@contextmanager
def explain_os_errors(root: Path) -> Iterator[None]:
    """Turns an OSError into a StoreError that says which file of the cache, and what to do."""
    try:
        yield
    except OSError as error:
        path = error.filename or root
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise StoreError(f"{path}: the cache cannot be used ({error.strerror or error})", remedy=remedy) from error


class Cache:
    """The brains fetched to this machine; ``root`` is ``RUNNER_HOME`` if None.

    A store calls ``install`` with a Release, and ``find_newest`` where a version that is here need not be asked for.
    Processes and threads may call all methods at the same time. All raise StoreError if the cache cannot be read or
    written.
    """

    def __init__(self, root: Path | None = None, *, progress: ProgressOf = show_no_progress) -> None:
        """``root`` is by default the folder of ``find_home``, which is not asked for before it is needed."""
        self._given, self.progress = root, progress

    @cached_property
    def root(self) -> Path:
        """The folder. Raises NoHomeError."""
        return self._given or find_home()

    @cached_property
    def _blobs(self) -> Blobs:
        return Blobs(self.root)

    @property
    def _making(self) -> Path:
        return self.root / "making"

    @property
    def _locks(self) -> Path:
        return self.root / "partial"

    def install(self, release: Release) -> Path:
        """The folder with all files of the release; those that are not here are fetched. Never write to it.

        Transfers that were cut are resumed, each file's size and sha256 are checked, and of several processes that
        install one release only one fetches it. Raises StoreError, UnreachableError.
        """
        with explain_os_errors(self.root):
            installed = self._find_installed(release)
            if installed:
                return installed
            key = hash_text(release.brain)
            with hold_lock(self._locks, key, release.name):
                return self._find_installed(release) or self._make(
                    release, key
                )  # another process may have been quicker

    def brains(self) -> Iterator[tuple[Path, Receipt]]:
        """The brains that are here: folders and receipts, the most recently used first."""
        found = []
        for folder in self._folders():
            with suppress(FileNotFoundError, StoreError):  # removed meanwhile; damaged, which ``verify`` reports
                found.append((Receipt.last_used(folder), folder, Receipt.read(folder / Receipt.RECEIPT_FILE)))
        return ((folder, receipt) for _, folder, receipt in sorted(found, key=itemgetter(0), reverse=True))

    def find_newest(
        self, name: str, *, store: str | None = None, version: str | None = None
    ) -> tuple[Path, Receipt] | None:
        """The brain of that name that was fetched last, as folder and receipt; None if there is none.

        ``store`` is a store's ``label``; None stands for any store, any version. Brains that lack a file do not count.
        Finding a brain counts as using it.
        """
        complete = [
            (folder, receipt)
            for folder, receipt in self._select(name, store, version)
            if all(_is_present(folder, file) for file in receipt.files)
        ]
        if not complete:
            return None
        newest = max(complete, key=lambda pair: pair[1].fetched)
        Receipt.mark_used(newest[0])
        return newest

    def remove(self, name: str, *, store: str | None = None, version: str | None = None) -> list[Receipt]:
        """Removes the brains of that name, and the blobs that only they used; returns their receipts."""
        with explain_os_errors(self.root):
            removed = [receipt for folder, receipt in self._select(name, store, version) if self._drop(folder)]
            self._sweep()
        return removed

    def prune(self, keep: int) -> list[Receipt]:
        """Removes the least recently used brains until blobs take at most ``keep`` bytes; returns their receipts."""
        removed = []
        with explain_os_errors(self.root):
            self._sweep()
            for folder, receipt in reversed(list(self.brains())):
                if self.size() <= keep:
                    break
                if self._drop(folder):
                    removed.append(receipt)
                    self._sweep()
        return removed

    def size(self) -> int:
        """Bytes of all blobs together."""
        return self._blobs.size()

    def verify(self, *, repair: bool = False) -> list[str]:
        """Hashes every blob and file again; returns one line for each problem.

        ``repair`` removes what is damaged: the next pull fetches it again.
        """
        with explain_os_errors(self.root):
            damaged = list(self._blobs.find_damaged())
            problems = [f"{blob}: is not what its name says" for blob in damaged]
            for folder in self._folders():
                found = self._check_folder(folder, {blob.name for blob in damaged})
                problems += found
                if found and repair:
                    self._drop(folder)
            for blob in damaged if repair else ():
                blob.unlink(missing_ok=True)
        return problems

    def _folders(self) -> Iterator[Path]:
        return (path for path in self.root.glob("brains/*/*/[!.]*") if path.is_dir())

    def _select(self, name: str, store: str | None, version: str | None) -> list[tuple[Path, Receipt]]:
        return [
            (folder, receipt)
            for folder, receipt in self.brains()
            if receipt.name == name and store in (None, receipt.store) and version in (None, receipt.version)
        ]

    def _find_installed(self, release: Release) -> Path | None:
        """The folder of a release that is here already, by the files' sha256 or identity."""
        for folder, receipt in self.brains():
            if (receipt.store, receipt.name, receipt.version) == (release.store, release.name, release.version):
                present = {file.path: file for file in receipt.files}
                if len(present) == len(release.files) and all(
                    _is_current(folder, present.get(file.path), file) for file in release.files
                ):
                    Receipt.mark_used(folder)
                    return folder
        return None

    def _make(self, release: Release, key: str) -> Path:
        """Makes the release's folder under ``making`` and renames it. The caller holds the lock ``key``."""
        self._making.mkdir(parents=True, exist_ok=True)
        for leftover in self._making.glob(f"{key}-*"):  # of a process that was killed: nobody else holds the lock
            shutil.rmtree(leftover, ignore_errors=True)
        making = Path(tempfile.mkdtemp(dir=self._making, prefix=f"{key}-"))
        try:
            files = tuple(self._install_file(file, release.brain, making) for file in release.files)
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

    def _install_file(self, file: RemoteFile, brain: str, making: Path) -> ReceiptFile:
        path = making / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = self._blobs.install(file, brain, path, self.progress)
        return ReceiptFile(file.path, digest, path.stat().st_size, file.identity)

    def _drop(self, folder: Path) -> bool:
        """Removes a brain's folder, out of sight by one rename first; False if another process was quicker."""
        self._making.mkdir(parents=True, exist_ok=True)
        with hold_lock(self._locks, _REMOVED, folder.name):
            aside = Path(tempfile.mkdtemp(dir=self._making, prefix=f"{_REMOVED}-"))
            try:
                folder.rename(aside / folder.name)
            except FileNotFoundError:
                return False
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return True

    def _sweep(self) -> None:
        """Removes what killed processes left half-made, then the blobs that no brain uses."""
        for leftover in self._making.glob("*-*"):
            with try_lock(self._locks, leftover.name.partition("-")[0]) as nobody_makes_it:
                if nobody_makes_it:
                    shutil.rmtree(leftover, ignore_errors=True)
        self._blobs.sweep({file.sha256 for _, receipt in self.brains() for file in receipt.files})

    def _check_folder(self, folder: Path, damaged: set[str]) -> list[str]:
        """What is wrong with a brain's folder; nothing if it was removed meanwhile."""
        try:
            receipt = Receipt.read(folder / Receipt.RECEIPT_FILE)
            wrong = [path for file in receipt.files for path in self._check_file(folder / file.path, file, damaged)]
            problems = [f"{path}: missing or changed since it was fetched" for path in wrong]
        except (FileNotFoundError, NotADirectoryError):
            problems = [f"{folder}: has no receipt"]
        except StoreError as error:
            problems = [error.message]
        return problems if folder.exists() else []

    def _check_file(self, path: Path, file: ReceiptFile, damaged: set[str]) -> list[Path]:
        """The file if it is not what was fetched; for an archive, the unpacked files that differ."""
        if not path.is_file():
            return [path]
        is_blob = self._blobs.is_blob(path, file.sha256)
        right = file.sha256 not in damaged if is_blob else sha256_of(path) == file.sha256
        if not right:
            return [path]
        return find_changed_files(path) if is_archive(path.name) else []


def _is_current(folder: Path, present: ReceiptFile | None, file: RemoteFile) -> bool:
    """Whether the file is here and still what the store offers."""
    if present is None or not _is_present(folder, present):
        return False
    return present.sha256 == file.sha256 if file.sha256 else bool(file.identity) and present.identity == file.identity


def _is_present(folder: Path, file: ReceiptFile) -> bool:
    """Whether the file is there with its size; ``verify`` hashes it."""
    path = folder / file.path
    return path.is_file() and path.stat().st_size == file.size
