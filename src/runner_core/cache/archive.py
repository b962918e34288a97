"""Archives from elsewhere, unpacked without trusting them."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import attrs

from runner_core.cache.release import check_path
from runner_core.cards.artifact import describe_files
from runner_core.errors import StoreError

_MOST_AT_ONCE = 16 << 20  # files are read by smaller pieces; a header of that size is there to fill the memory


class Metered:
    """Reads and skips at most ``left`` bytes of ``stream``, then raises StoreError naming ``where``."""

    def __init__(self, stream: IO[bytes], left: int, where: str) -> None:
        self.left = left
        self._stream, self._where = stream, where

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE:
            raise StoreError(f"{self._where}: holds a header of {size} bytes")
        data = self._stream.read(size)
        self._spend(len(data))
        return data

    def seek(self, place: int) -> int:
        """Forwards is paid for, since a compressed stream reads all that it skips."""
        self._spend(max(0, place - self._stream.tell()))
        return self._stream.seek(place)

    def tell(self) -> int:
        return self._stream.tell()

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise StoreError(f"{self._where}: unpacks to far more than a brain is", remedy="unpack it by hand")


MOST_BYTES = 20 * 10**9
MOST_MEMBERS = 10_000
MOST_RATIO = 200  # unpacked to packed; weights hardly shrink, a bomb does
_CHUNK = 1 << 20
_TARS: dict[str, Callable[[Path], Any]] = {
    ".tar": lambda path: path.open("rb"),
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar.xz": lzma.open,
    ".tar.bz2": bz2.open,
}
SUFFIXES = (".zip", *_TARS)
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
    NotImplementedError, RuntimeError,
)  # fmt: skip  # what the standard library raises of archives that are cut, altered, encrypted, of unknown methods


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@attrs.frozen
class Member:
    """A plain file in an archive."""

    path: str
    stream: Readable


def is_archive(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def unpack_if_archive(path: Path) -> Path:
    """The path itself; of an archive, the folder with its contents. Raises StoreError."""
    return unpack(path) if is_archive(path.name) else path


def unpack(archive: Path) -> Path:
    """The folder with the archive's contents, beside it; made once, whole or not at all.

    Raises StoreError for what climbs out, links, devices, and more bytes or members than any brain has.
    """
    place = _place(archive)
    if not place.is_dir():
        with _told(archive):
            _make(archive, place)
    return _inner(place)


def find_changed_files(archive: Path) -> list[Path]:
    """The unpacked files that are not, or no longer, what the archive holds; none where it was not unpacked."""
    place = _place(archive)
    if not place.is_dir():
        return []
    with _told(archive):
        packed = {(member.path, _sha256(member.stream)) for member in _members(archive)}
        there = {(file.path, file.sha256) for file in describe_files(place, place)}
    return [place / path for path in sorted({path for path, _ in packed ^ there})]


def _place(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.unpacked")


def _inner(place: Path) -> Path:
    """The one folder that everything is in, where there is just one."""
    entries = list(place.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else place


@contextmanager
def _told(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise StoreError(f"{archive}: the archive is damaged or cannot be unpacked ({error})") from error


def _make(archive: Path, place: Path) -> None:
    making = Path(tempfile.mkdtemp(dir=archive.parent, prefix=".unpacking-"))
    try:
        for member in _members(archive):
            path = making / member.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                shutil.copyfileobj(member.stream, out, _CHUNK)
        making.chmod(0o755)
        try:
            making.rename(place)
        except OSError:
            if not place.is_dir():  # or else another process was quicker
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _members(archive: Path) -> Iterator[Member]:
    """The plain files, one at a time. What headers promise is not believed: bytes are counted as they come."""
    most = min(MOST_BYTES, archive.stat().st_size * MOST_RATIO + _CHUNK)
    named_zip = archive.name.lower().endswith(".zip")  # by contents, a tar that ends in a .keras file would be a zip
    for member in (_zip if named_zip else _tar)(archive, most):
        check_path(member.path, str(archive))
        yield member


def _zip(archive: Path, most: int) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
        _check_count(len(entries), archive)
        for entry in entries:
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise StoreError(f"{archive}: {entry.filename!r} is a link: refused")
            if not entry.is_dir():
                with packed.open(entry) as stream:
                    meter = Metered(stream, most, str(archive))
                    yield Member(entry.filename, meter)
                    most = meter.left


def _tar(archive: Path, most: int) -> Iterator[Member]:
    suffix = next(suffix for suffix in _TARS if archive.name.lower().endswith(suffix))
    with _TARS[suffix](archive) as packed:
        meter = Metered(packed, most, str(archive))
        with tarfile.open(fileobj=meter, mode="r:") as tar:  # type: ignore[call-overload]  # it reads, seeks, tells
            for count, entry in enumerate(tar):
                _check_count(count, archive)
                if not entry.isdir():
                    yield _plain(tar, entry, archive)
            meter.seek(tar.offset)
            if meter.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):  # tarfile takes any rubbish for the end
                raise tarfile.ReadError("it is cut short")
            while meter.read(_CHUNK):  # a packed stream's own checksum is behind its last byte
                pass


def _plain(tar: tarfile.TarFile, entry: tarfile.TarInfo, archive: Path) -> Member:
    stream = tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None
    if stream is None:
        raise StoreError(f"{archive}: {entry.name!r} is no plain file: refused")
    return Member(entry.name.removeprefix("./"), stream)


def _check_count(count: int, archive: Path) -> None:
    if count > MOST_MEMBERS:
        raise StoreError(f"{archive}: more than {MOST_MEMBERS} files")


def _sha256(stream: Readable) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
