"""Archives from a server, unpacked without trusting them."""

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
from runner_core.util.leftovers import claim_path

MAX_BYTES = 20 * 10**9
MAX_MEMBERS = 10_000
MAX_RATIO = 200  # unpacked bytes to packed bytes: weights hardly shrink, a decompression bomb does
_MAX_READ = 16 << 20  # files are read in smaller pieces; a header of that size is there to fill the memory
_CHUNK = 1 << 20
_TARS: dict[str, Callable[[Path], Any]] = {
    ".tar": lambda path: path.open("rb"),
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar.xz": lzma.open,
    ".tar.bz2": bz2.open,
}
SUFFIXES = (".zip", *_TARS)
# What the standard library raises for archives that are cut, altered, encrypted or packed by an unknown method.
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
    NotImplementedError, RuntimeError,
)  # fmt: skip


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked."""
    return name.lower().endswith(SUFFIXES)


def unpack_if_archive(path: Path) -> Path:
    """The path itself, or for an archive the folder with its contents. Raises StoreError."""
    return unpack(path) if is_archive(path.name) else path


def unpack(archive: Path) -> Path:
    """The folder with the archive's contents, beside it; made once, whole or not at all.

    Raises StoreError for paths outside the folder, links, devices, and more bytes or members than any brain has.
    """
    return unpack_to(archive, _folder_of(archive))


def unpack_to(archive: Path, folder: Path) -> Path:
    """As ``unpack``, to a folder that may be there already, and then is what was unpacked before."""
    if not folder.is_dir():
        with _explain_damage(archive):
            _fill_folder(archive, folder)
    return _skip_single_folder(folder)


def find_changed_files(archive: Path) -> list[Path]:
    """The unpacked files that differ from what the archive holds; none if it was never unpacked. Raises StoreError."""
    folder = _folder_of(archive)
    if not folder.is_dir():
        return []
    with _explain_damage(archive):
        packed = {(member.path, _sha256_of(member.stream)) for member in _read_members(archive)}
        present = {(file.path, file.sha256) for file in describe_files(folder, folder)}
    return [folder / path for path in sorted({path for path, _ in packed ^ present})]


def _folder_of(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.unpacked")


def _skip_single_folder(folder: Path) -> Path:
    """The one folder in which everything is, if there is exactly one, else the folder itself."""
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


@contextmanager
def _explain_damage(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise StoreError(f"{archive}: the archive is damaged or cannot be unpacked ({error})") from error


def _fill_folder(archive: Path, folder: Path) -> None:
    """Unpacks to a temporary folder, then renames it."""
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".unpacking-"))
    try:
        with claim_path(making):
            _write_members(archive, making)
            making.chmod(0o755)  # mkdtemp makes it private
            try:
                making.rename(folder)
            except OSError:
                if not folder.is_dir():  # otherwise another process was quicker
                    raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write_members(archive: Path, folder: Path) -> None:
    for member in _read_members(archive):
        path = folder / member.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            shutil.copyfileobj(member.stream, out, _CHUNK)


class ReadableStream(Protocol):
    """What can be read."""

    def read(self, size: int = -1, /) -> bytes: ...


@attrs.frozen
class Member:
    """A plain file in an archive."""

    path: str
    stream: ReadableStream


def _read_members(archive: Path) -> Iterator[Member]:
    """The plain files, one at a time. Sizes in headers are not trusted: bytes are counted as they arrive."""
    max_bytes = min(MAX_BYTES, archive.stat().st_size * MAX_RATIO + _CHUNK)
    named_tar = archive.name.lower().endswith(tuple(_TARS))  # by contents, one that ends in a .keras file is a zip
    for member in (_read_tar if named_tar else _read_zip)(archive, max_bytes):
        check_path(member.path, str(archive))
        yield member


def _read_zip(archive: Path, max_bytes: int) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
        _check_count(len(entries), archive)
        for entry in entries:
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise StoreError(f"{archive}: {entry.filename!r} is a link: refused")
            if not entry.is_dir():
                with packed.open(entry) as stream:
                    meter = MeteredStream(stream, max_bytes, str(archive))
                    yield Member(entry.filename, meter)
                    max_bytes = meter.left


def _read_tar(archive: Path, max_bytes: int) -> Iterator[Member]:
    suffix = next(suffix for suffix in _TARS if archive.name.lower().endswith(suffix))
    with _TARS[suffix](archive) as packed:
        meter = MeteredStream(packed, max_bytes, str(archive))
        with tarfile.open(fileobj=meter, mode="r:") as tar:  # type: ignore[call-overload]  # it reads, seeks, tells
            for count, entry in enumerate(tar):
                _check_count(count, archive)
                if not entry.isdir():
                    yield _open_member(tar, entry, archive)
            meter.seek(tar.offset)
            if meter.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):  # tarfile accepts anything as the end
                raise tarfile.ReadError("it is cut short")
            while meter.read(_CHUNK):  # the checksum of a compressed stream comes after its last byte
                pass


def _open_member(tar: tarfile.TarFile, entry: tarfile.TarInfo, archive: Path) -> Member:
    stream = tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None
    if stream is None:
        raise StoreError(f"{archive}: {entry.name!r} is not a plain file: refused")
    return Member(entry.name.removeprefix("./"), stream)


def _check_count(count: int, archive: Path) -> None:
    if count > MAX_MEMBERS:
        raise StoreError(f"{archive}: more than {MAX_MEMBERS} files")


def _sha256_of(stream: ReadableStream) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


class MeteredStream:
    """Reads and skips at most ``left`` bytes of ``stream``, then raises StoreError naming ``where``."""

    def __init__(self, stream: IO[bytes], left: int, where: str) -> None:
        self.left = left
        self._stream, self._where = stream, where

    def read(self, size: int = -1) -> bytes:
        """Raises StoreError for more at once than any file is read by."""
        if not 0 <= size <= _MAX_READ:
            raise StoreError(f"{self._where}: holds a header of {size} bytes")
        data = self._stream.read(size)
        self._spend(len(data))
        return data

    def seek(self, place: int) -> int:
        """Skipping forwards counts too: a compressed stream reads all that it skips."""
        self._spend(max(0, place - self._stream.tell()))
        return self._stream.seek(place)

    def tell(self) -> int:
        return self._stream.tell()

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise StoreError(f"{self._where}: unpacks to far more than a brain is", remedy="unpack it by hand")
