"""Listing: the pictures and videos that a location names, in natural order."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePath
from urllib.parse import unquote

import attrs
from natsort import natsort_keygen, ns

from runner_core.errors import SourceError
from runner_core.frames import is_picture_name
from runner_core.util import expand_home, read_plain_text
from runner_files.clips import is_clip_name
from runner_files.missing import make_missing_error
from runner_files.skipped import count_suffixes, describe_suffixes, find_remedy

_WILD = "*?["
_natural_key = natsort_keygen(alg=ns.IGNORECASE)


@attrs.frozen
class Listing:
    """What a location names.

    ``names``    paths and URLs of pictures and videos, in natural order.
    ``alone``    whether the location is one picture, by itself.
    ``skipped``  how many files are passed over because their suffix is not a picture's, by suffix.
    """

    names: Sequence[str]
    alone: bool = False
    skipped: Mapping[str, int] = attrs.field(factory=dict)

    @classmethod
    def sort_out(cls, place: str, files: Sequence[str]) -> Listing:
        """The pictures and videos among these files. Raises SourceError if there is none."""
        read = [is_picture_name(name) or is_clip_name(name) for name in files]
        names = [name for name, wanted in zip(files, read, strict=True) if wanted]
        skipped = count_suffixes(name for name, wanted in zip(files, read, strict=True) if not wanted)
        if not names:
            found = f"no picture that runner reads, but {describe_suffixes(skipped)}" if files else "there is no file"
            remedy = find_remedy(skipped) or "a file that you name itself may have any suffix"
            raise SourceError(f"{place}: {found}", remedy=remedy)
        return cls(names, skipped=skipped)


def list_pictures(location: str) -> Listing:
    """The pictures at a location: a picture, a folder, a glob, a ``.txt`` list, an http(s) URL.

    A path begins as the location does. Raises SourceError if there is no picture.
    """
    if is_url(location):
        return Listing([location], alone=True)
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


def find_root(location: str) -> PurePath | None:
    """The folder in which, at whatever depth, a location's pictures lie: itself, or where the file, list or glob is."""
    if is_url(location):
        return None
    path = _to_path(location)
    if Path(path).is_dir():
        return PurePath(path)
    wild = any(sign in path for sign in _WILD) and not Path(path).exists()
    return PurePath(_find_glob_start(path)) if wild else PurePath(path).parent


def is_url(name: str) -> bool:
    """Whether a name is an http(s) URL."""
    return name.lower().startswith(("http://", "https://"))


def _to_path(location: str) -> str:
    """The path without ``file:``, which the core may have removed already; ``file:///a%20b`` is ``/a b``."""
    rest = location.removeprefix("file:")
    path = unquote(rest[2:]) if rest.startswith("///") else rest
    return expand_home(path)


def _list_path(path: str) -> Listing:
    if not path:
        raise SourceError("no picture is named", remedy="name a picture, a folder, a glob, a list or a URL")
    if Path(path).is_dir():
        return Listing.sort_out(path, list(_walk_folder(path, frozenset())))
    if Path(path).exists():
        return Listing(_read_list(path)) if path.lower().endswith(".txt") else Listing([path], alone=True)
    if any(sign in path for sign in _WILD):
        return _list_glob(path)
    raise make_missing_error(path)


@lru_cache(maxsize=1024)  # the same folders come again and again
def _sort_key(name: str) -> tuple[object, str]:
    """Natural order, in which ``2`` is before ``10``; names that are equal in it are ordered as texts."""
    return _natural_key(name), name


def _walk_folder(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    """Files in a folder and its subfolders. Links are followed, except into a folder ``above``."""
    itself = Path(folder).stat()
    identity = itself.st_dev, itself.st_ino
    if identity in above:
        return
    with os.scandir(folder) as entries:
        found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: _sort_key(e.name))
    for entry in found:
        if _is_there(entry.is_dir):
            yield from _walk_folder(entry.path, above | {identity})
        elif _is_there(entry.is_file) or entry.is_symlink():  # a link that leads nowhere is a broken picture
            yield entry.path


def _is_there(predicate: Callable[[], bool]) -> bool:
    """False also for a link that leads in a circle, or to where one may not look."""
    try:
        return predicate()
    except OSError:
        return False


def _list_glob(pattern: str) -> Listing:
    """Files that match. Without a picture's suffix only if the pattern itself ends in their suffix."""
    start = _find_glob_start(pattern)
    if not Path(start).is_dir():
        raise make_missing_error(start)
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207  # Path.glob does not leave out what is hidden
    files = sorted({name for name in matches if Path(name).is_file()}, key=_path_key)
    if not files:
        raise SourceError(f"{pattern}: no file matches", remedy="** searches subfolders too: pictures/**/*.jpg")
    ending = PurePath(pattern).suffix
    spelled = ending and not any(sign in ending for sign in _WILD)
    return Listing(files) if spelled else Listing.sort_out(pattern, files)


def _find_glob_start(pattern: str) -> str:
    """The folder before the first wildcard."""
    return str(PurePath(pattern[: min(pattern.find(sign) for sign in _WILD if sign in pattern)] + "x").parent)


def _path_key(name: str) -> list[tuple[object, str]]:
    return [_sort_key(part) for part in PurePath(name).parts]


def _read_list(path: str) -> list[str]:
    try:
        lines = [line.strip() for line in read_plain_text(Path(path)).split("\n")]
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not a list of pictures ({error})", remedy="a list is UTF-8 text") from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise SourceError(f"{path}: the list names no picture", remedy="write one path or URL a line")
    return [name if is_url(name) else str(PurePath(path).parent / name) for name in names]
