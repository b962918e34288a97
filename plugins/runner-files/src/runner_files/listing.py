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
from runner_files.missing import make_missing_error

SUFFIXES = (
    ".avif", ".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png", ".pnm",
    ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip

_LOOKED_FOR = f"looked for {' '.join(SUFFIXES)}"
_WILD = "*?["
_natural_key = natsort_keygen(alg=ns.IGNORECASE)


def list_pictures(location: str) -> list[str]:
    """Paths and URLs of the pictures at a location: a picture, a folder, a glob, a ``.txt`` list, an http(s) URL.

    A path begins as the location does. Raises SourceError if there is no picture.
    """
    if is_url(location):
        return [location]
    try:
        return _list_path(_to_path(location))
    except OSError as error:
        remedy = "check the path and its permissions"
        raise SourceError(f"{error.filename or location}: cannot be read ({error.strerror})", remedy=remedy) from error


def find_searched_folder(location: str) -> Path | None:
    """The folder that is searched with its subfolders, if the location is a folder or a glob with ``**``; else None."""
    path = Path(_to_path(location))
    if is_url(location) or path.is_dir() or "**" not in path.parts or path.exists():
        return path if path.is_dir() else None
    return Path(*path.parts[: path.parts.index("**")])


def is_url(name: str) -> bool:
    """Whether a name is an http(s) URL."""
    return name.lower().startswith(("http://", "https://"))


def is_picture(name: str) -> bool:
    """Whether a file name has a picture's suffix."""
    return name.lower().endswith(SUFFIXES)


def _to_path(location: str) -> str:
    """The path without ``file:``, which the core may have removed already; ``file:///a%20b`` is ``/a b``."""
    rest = location.removeprefix("file:")
    path = unquote(rest[2:]) if rest.startswith("///") else rest
    return str(Path(path).expanduser()) if path.startswith("~") else path


def _list_path(path: str) -> list[str]:
    if not path:
        raise SourceError("no picture is named", remedy="name a picture, a folder, a glob, a list or a URL")
    if Path(path).is_dir():
        return _list_folder(path)
    if Path(path).exists():
        return _read_list(path) if path.lower().endswith(".txt") else [path]
    if any(sign in path for sign in _WILD):
        return _list_glob(path)
    raise make_missing_error(path)


@lru_cache(maxsize=1024)  # the same folders come again and again
def _sort_key(name: str) -> tuple[object, str]:
    """Natural order, in which ``2`` is before ``10``; names that are equal in it are ordered as texts."""
    return _natural_key(name), name


def _list_folder(folder: str) -> list[str]:
    names = list(_walk_folder(folder, frozenset()))
    if not names:
        raise SourceError(f"{folder}: no picture in this folder or below", remedy=_LOOKED_FOR)
    return names


def _walk_folder(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    """Pictures in a folder and its subfolders. Links are followed, except into a folder ``above``."""
    itself = Path(folder).stat()
    identity = itself.st_dev, itself.st_ino
    if identity in above:
        return
    with os.scandir(folder) as entries:
        found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: _sort_key(e.name))
    for entry in found:
        if entry.is_dir():
            yield from _walk_folder(entry.path, above | {identity})
        elif is_picture(entry.name) and (entry.is_file() or entry.is_symlink()):  # a dangling link is a broken picture
            yield entry.path


def _list_glob(pattern: str) -> list[str]:
    """Files that match. Without a picture's suffix only if the pattern itself ends in their suffix."""
    start = str(PurePath(pattern[: min(pattern.find(sign) for sign in _WILD if sign in pattern)] + "x").parent)
    if not Path(start).is_dir():
        raise make_missing_error(start)
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207  # Path.glob does not leave out what is hidden
    files = [name for name in matches if Path(name).is_file()]
    ending = PurePath(pattern).suffix
    spelled = ending and not any(sign in ending for sign in _WILD)
    names = files if spelled else [name for name in files if is_picture(name)]
    if not names:
        remedy = _LOOKED_FOR if files else "** searches subfolders too: pictures/**/*.jpg"
        raise SourceError(f"{pattern}: no picture matches", remedy=remedy)
    return sorted(set(names), key=lambda name: [_sort_key(part) for part in PurePath(name).parts])


def _read_list(path: str) -> list[str]:
    try:
        lines = [line.strip() for line in Path(path).read_text(encoding="utf-8-sig").split("\n")]
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not a list of pictures ({error})", remedy="a list is UTF-8 text") from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise SourceError(f"{path}: the list names no picture", remedy="write one path or URL a line")
    return [name if is_url(name) else str(PurePath(path).parent / name) for name in names]
