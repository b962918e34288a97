"""Archives from elsewhere, unpacked without trusting them."""

from __future__ import annotations

import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import attrs

from runner_core.cache.release import check_path
from runner_core.errors import StoreError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
MOST_BYTES = 20 * 10**9
MOST_MEMBERS = 10_000
MOST_RATIO = 200  # unpacked to packed; weights hardly shrink, a bomb does
_CHUNK = 1 << 20


@attrs.frozen
class Member:
    """A plain file in an archive."""

    path: str
    stream: IO[bytes]


def is_archive(name: str) -> bool:
    return name.endswith(SUFFIXES)


def unpacked(archive: Path) -> Path:
    """The folder with the archive's contents, beside it; made once, whole or not at all.

    Raises StoreError for what climbs out, links, devices, and more bytes or members than any brain has.
    """
    place = archive.with_name(f"{archive.name}.unpacked")
    if place.is_dir():
        return _inner(place)
    making = Path(tempfile.mkdtemp(dir=archive.parent, prefix=".unpacking-"))
    try:
        _unpack(archive, making)
        if not place.is_dir():
            making.rename(place)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise StoreError(f"{archive}: the archive is damaged or cannot be unpacked ({error})") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return _inner(place)


def _inner(place: Path) -> Path:
    """The one folder that everything is in, where there is just one."""
    entries = list(place.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else place


def _unpack(archive: Path, into: Path) -> None:
    left = min(MOST_BYTES, archive.stat().st_size * MOST_RATIO + _CHUNK)
    members = _zip(archive) if zipfile.is_zipfile(archive) else _tar(archive)
    for count, member in enumerate(members):
        if count >= MOST_MEMBERS:
            raise StoreError(f"{archive}: more than {MOST_MEMBERS} files")
        check_path(member.path, str(archive))
        path = into / member.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            while chunk := member.stream.read(_CHUNK):
                left -= len(chunk)
                if left < 0:  # what a header promises is not believed: bytes are counted as they come
                    raise StoreError(f"{archive}: unpacks to far more than a brain is", remedy="unpack it by hand")
                out.write(chunk)


def _zip(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            if entry.is_dir():
                continue
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise StoreError(f"{archive}: {entry.filename} is a link: refused")
            with opened.open(entry) as stream:
                yield Member(entry.filename, stream)


def _tar(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive) as opened:
        for entry in opened:
            if entry.isdir():
                continue
            stream = opened.extractfile(entry) if entry.isreg() else None
            if stream is None:
                raise StoreError(f"{archive}: {entry.name} is no plain file: refused")
            with stream:
                yield Member(entry.name.removeprefix("./"), stream)
