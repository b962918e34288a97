"""Listing: the pictures that a location names, in natural order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePath
from urllib.parse import unquote

from natsort import natsort_keygen, ns

from runner_core.errors import SourceError
from runner_files.missing import missing

SUFFIXES = (
    ".avif", ".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png", ".pnm",
    ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip

_LOOKED_FOR = f"looked for {' '.join(SUFFIXES)}"
_WILD = "*?["
_natural = natsort_keygen(alg=ns.IGNORECASE)


def names_of(location: str) -> list[str]:
    """Paths and URLs of the pictures at a location: a picture, a folder, a glob, a ``.txt`` list, an http(s) URL.

    A path begins as the location does. Raises SourceError where there is no picture.
    """
    if is_url(location):
        return [location]
    try:
        return _found(_as_path(location))
    except OSError as error:
        remedy = "check the path and its permissions"
        raise SourceError(f"{error.filename or location}: cannot be read ({error.strerror})", remedy=remedy) from error


def searched(location: str) -> Path | None:
    """The folder that is searched to the bottom, where the location is one, or a glob with ``**``."""
    path = Path(_as_path(location))
    if is_url(location) or path.is_dir() or "**" not in path.parts or path.exists():
        return path if path.is_dir() else None
    return Path(*path.parts[: path.parts.index("**")])


def is_url(name: str) -> bool:
    """Whether a name is to be fetched rather than opened."""
    return name.lower().startswith(("http://", "https://"))


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's does."""
    return name.lower().endswith(SUFFIXES)


def _as_path(location: str) -> str:
    """Without ``file:``, which the core may have taken off already; of ``file:///a%20b``, ``/a b``."""
    rest = location.removeprefix("file:")
    path = unquote(rest[2:]) if rest.startswith("///") else rest
    return str(Path(path).expanduser()) if path.startswith("~") else path


def _found(path: str) -> list[str]:
    if not path:
        raise SourceError("no picture is named", remedy="name a picture, a folder, a glob, a list or a URL")
    if Path(path).is_dir():
        return _in_folder(path)
    if Path(path).exists():
        return _in_list(path) if path.lower().endswith(".txt") else [path]
    if any(sign in path for sign in _WILD):
        return _in_glob(path)
    raise missing(path)


@lru_cache(maxsize=1024)  # the same folders come again and again
def _order(name: str) -> tuple[object, str]:
    """Sorts as people count, and names that count alike always the same way."""
    return _natural(name), name


def _in_folder(folder: str) -> list[str]:
    names = list(_walk(folder, frozenset()))
    if not names:
        raise SourceError(f"{folder}: no picture in this folder or below", remedy=_LOOKED_FOR)
    return names


def _walk(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    """Pictures below a folder. Links are followed, but not into a folder that is being walked already."""
    itself = Path(folder).stat()
    identity = itself.st_dev, itself.st_ino
    if identity in above:
        return
    with os.scandir(folder) as entries:
        found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: _order(e.name))
    for entry in found:
        if entry.is_dir():
            yield from _walk(entry.path, above | {identity})
        elif is_picture(entry.name) and (entry.is_file() or entry.is_symlink()):  # a dangling link is a broken picture
            yield entry.path


def _in_glob(pattern: str) -> list[str]:
    """Files that match. Those not named as pictures count only where the pattern spells out how names end."""
    start = str(PurePath(pattern[: min(pattern.find(sign) for sign in _WILD if sign in pattern)] + "x").parent)
    if not Path(start).is_dir():
        raise missing(start)
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207  # Path.glob does not leave out what is hidden
    files = [name for name in matches if Path(name).is_file()]
    ending = PurePath(pattern).suffix
    spelled = ending and not any(sign in ending for sign in _WILD)
    names = files if spelled else [name for name in files if is_picture(name)]
    if not names:
        remedy = _LOOKED_FOR if files else "** looks in folders within folders: pictures/**/*.jpg"
        raise SourceError(f"{pattern}: no picture matches", remedy=remedy)
    return sorted(set(names), key=lambda name: [_order(part) for part in PurePath(name).parts])


def _in_list(path: str) -> list[str]:
    try:
        lines = [line.strip() for line in Path(path).read_text(encoding="utf-8-sig").split("\n")]
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not a list of pictures ({error})", remedy="a list is UTF-8 text") from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise SourceError(f"{path}: the list names no picture", remedy="write one path or URL a line")
    return [name if is_url(name) else str(PurePath(path).parent / name) for name in names]
