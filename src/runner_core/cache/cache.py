"""Cache: fetched brains under ``RUNNER_HOME``.

    blobs/ab/abcd...        files by their sha256, read-only
    partial/                transfers under way, and their locks
    brains/STORE/NAME/VERSION@DIGEST/   a brain: links to blobs, and a receipt
    brains/making/          folders before they are complete

A blob appears by one rename when its sha256 is known to be right, a brain's folder when all its blobs are there. So
whatever is killed whenever, no wrong file is ever at a right place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path

from filelock import FileLock

from runner_core.artifact import sha256_of
from runner_core.cache.download import Progress, discard, download
from runner_core.cache.home import HOME_VARIABLE, home
from runner_core.cache.receipt import Receipt, ReceiptFile
from runner_core.cache.release import Release, RemoteFile
from runner_core.errors import StoreError

ProgressOf = Callable[[RemoteFile], Progress]


def silent(_file: RemoteFile) -> Progress:
    """Progress that nobody sees."""
    return lambda _there, _total: None


class Cache:
    """All methods may be called by many processes at once."""

    def __init__(self, root: Path | None = None, *, progress: ProgressOf = silent) -> None:
        self.root = root or home()
        self.progress = progress

    def install(self, release: Release) -> Path:
        """The folder of the release, fetched as far as it is not here. Raises StoreError, UnreachableError."""
        with self._writable():
            known = self._same(release)
            if known:
                return known
            with self._lock(f"brain {release.store} {release.name}"):
                known = self._same(release)  # another process may have been quicker
                if known:
                    return known
                return self._make(release)

    def brains(self) -> Iterator[tuple[Path, Receipt]]:
        """What is here: folders and receipts, the most recently used first."""
        found = []
        for path in self.root.glob(f"brains/*/*/[!.]*/{Receipt.FILE_NAME}"):
            with suppress(FileNotFoundError):  # another process may remove it meanwhile
                found.append((Receipt.used(path.parent), path.parent, Receipt.read(path)))
        return ((folder, receipt) for _, folder, receipt in sorted(found, key=itemgetter(0), reverse=True))

    def newest(self, name: str, *, store: str | None = None, version: str | None = None) -> tuple[Path, Receipt] | None:
        """The brain of that name that was fetched last."""
        fitting = [
            (folder, receipt)
            for folder, receipt in self.brains()
            if receipt.name == name and store in (None, receipt.store) and version in (None, receipt.version)
        ]
        return max(fitting, key=lambda pair: pair[1].fetched, default=None)

    def remove(self, name: str, *, version: str | None = None) -> int:
        """Removes the brains of that name and the blobs that only they used; says how many brains."""
        gone = [
            folder for folder, receipt in self.brains() if receipt.name == name and version in (None, receipt.version)
        ]
        with self._writable():
            for folder in gone:
                self._drop(folder)
            self._sweep()
        return len(gone)

    def prune(self, keep: int) -> list[Receipt]:
        """Removes the least recently used brains until the blobs take at most ``keep`` bytes."""
        dropped = []
        with self._writable():
            self._sweep()
            for folder, receipt in reversed(list(self.brains())):
                if self.size() <= keep:
                    break
                self._drop(folder)
                self._sweep()
                dropped.append(receipt)
        return dropped

    def size(self) -> int:
        """Bytes in blobs."""
        return sum(blob.stat().st_size for blob in self._blobs())

    def verify(self, *, repair: bool = False) -> list[str]:
        """Hashes every blob and file again and says what is wrong. ``repair`` removes it: the next pull fetches it."""
        wrong = [blob for blob in self._blobs() if sha256_of(blob) != blob.name]
        said = [f"{blob}: is not what its name says" for blob in wrong]
        for folder, receipt in self.brains():
            bad = [file.path for file in receipt.files if not self._holds(folder, file)]
            said += [f"{folder / path}: missing or changed since it was fetched" for path in bad]
            if bad and repair:
                self._drop(folder)
        for blob in wrong if repair else ():
            blob.unlink(missing_ok=True)
        return said

    def _same(self, release: Release) -> Path | None:
        """The folder of a release that is here already, by the files' sha256 or identity."""
        for folder, receipt in self.brains():
            if (receipt.store, receipt.name, receipt.version) == (release.store, release.name, release.version):
                there = {file.path: file for file in receipt.files}
                if len(there) == len(release.files) and all(
                    _known(there.get(file.path), file) for file in release.files
                ):
                    Receipt.touch(folder)
                    return folder
        return None

    def _make(self, release: Release) -> Path:
        """The release's folder, made beside its place and renamed into it."""
        beside = self.root / "brains" / "making"
        beside.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=beside))
        try:
            files = tuple(self._bring(file, release, making) for file in release.files)
            receipt = Receipt(release.store, release.name, release.version, files)
            receipt.write(making)
            folder = self.root / "brains" / receipt.folder
            folder.parent.mkdir(parents=True, exist_ok=True)
            if folder.exists():  # damaged, or it would have been found
                self._drop(folder)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return folder

    def _bring(self, file: RemoteFile, release: Release, making: Path) -> ReceiptFile:
        """The file as a blob, from here or from the store, and linked into the folder at once: so it is in use."""
        path = making / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        blob = self._blob(file.sha256) if file.sha256 else self._kept(file, release)
        if blob is None or not _link(blob, path):
            blob = self._adopt(file)
            if not _link(blob, path):
                raise StoreError(f"{blob}: removed while it was needed", remedy="run it again")
        return ReceiptFile(file.path, blob.name, path.stat().st_size, file.identity)

    def _kept(self, file: RemoteFile, release: Release) -> Path | None:
        """The blob of a file without sha256 that an earlier fetch of this brain brought."""
        for _, receipt in self.brains():
            for known in receipt.files if (receipt.store, receipt.name) == (release.store, release.name) else ():
                if file.identity and (known.path, known.identity) == (file.path, file.identity):
                    return self._blob(known.sha256)
        return None

    def _adopt(self, file: RemoteFile) -> Path:
        """Fetches the file, checks it and gives it its place."""
        key = file.sha256 or Receipt.key(f"{file.url} {file.identity}")
        with self._lock(key):
            if file.sha256 and self._blob(file.sha256).exists():
                return self._blob(file.sha256)
            partial = self.root / "partial" / key
            digest = download(file, partial, self.progress(file))
            try:
                if file.check:
                    file.check(partial)
            except Exception:
                discard(partial)
                raise
            return self._place(partial, digest)

    def _place(self, partial: Path, digest: str) -> Path:
        blob = self._blob(digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        partial.chmod(0o444)
        partial.replace(blob)
        discard(partial)
        return blob

    def _holds(self, folder: Path, file: ReceiptFile) -> bool:
        path, blob = folder / file.path, self._blob(file.sha256)
        if not path.is_file():
            return False
        linked = blob.exists() and path.samefile(blob)  # then the blob's own check speaks for it
        return linked or sha256_of(path) == file.sha256

    def _blob(self, sha256: str) -> Path:
        return self.root / "blobs" / sha256[:2] / sha256

    def _blobs(self) -> Iterator[Path]:
        return (path for path in self.root.glob("blobs/*/*") if path.is_file())

    def _drop(self, folder: Path) -> None:
        """Out of sight by one rename, then away."""
        aside = self.root / "brains" / "making"
        aside.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder.rename(Path(tempfile.mkdtemp(dir=aside)) / folder.name).parent, ignore_errors=True)

    def _sweep(self) -> None:
        """Removes blobs that no brain uses, and what killed processes left half-made a day ago."""
        used = {file.sha256 for _, receipt in self.brains() for file in receipt.files}
        for blob in self._blobs():
            if blob.name not in used and blob.stat().st_nlink == 1:
                blob.unlink(missing_ok=True)
        for left in self.root.glob("brains/making/*"):
            if time.time() - left.stat().st_mtime > 24 * 3600:
                shutil.rmtree(left, ignore_errors=True)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        """The operating system frees it when its holder dies."""
        place = self.root / "partial" / f"{Receipt.key(name)}.lock"
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place):
            yield

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            remedy = f"set {HOME_VARIABLE} to a folder of yours"
            raise StoreError(f"{error.filename or self.root}: the cache cannot be written", remedy=remedy) from error
        except OSError as error:
            raise StoreError(
                f"{error.filename or self.root}: {error.strerror or error}", remedy="see `runner brains`"
            ) from error


def _known(there: ReceiptFile | None, file: RemoteFile) -> bool:
    if there is None:
        return False
    return there.sha256 == file.sha256 if file.sha256 else bool(file.identity) and there.identity == file.identity


def _link(blob: Path, path: Path) -> bool:
    """Puts the blob at ``path``; False where there is no such blob."""
    try:
        os.link(blob, path)
    except FileNotFoundError:
        return False
    except OSError:  # a file system without hard links
        shutil.copyfile(blob, path)
    return True
