"""Files of a data set: those that may be read, and what is wrong with the others."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

from natsort import natsort_keygen, ns

from runner_core.cards import LabelMap
from runner_core.errors import DatasetError, ImageError, LabelError
from runner_core.frames import Frame, is_picture_name
from runner_core.util import read_plain_file

MOST_JSON = 1 << 30  # bytes: the labels of COCO's 118,000 training pictures take 450 MB
MOST_LABELS = 64 * 1024 * 1024  # bytes of the labels of one picture
natural_key = natsort_keygen(alg=ns.IGNORECASE)


def read_bytes(path: Path, most: int = MOST_LABELS) -> bytes:
    """The contents. Raises DatasetError."""
    try:
        return read_plain_file(path, most)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def read_text(path: Path, most: int = MOST_LABELS) -> str:
    """A text as UTF-8. Raises DatasetError."""
    try:
        return read_bytes(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not a text in UTF-8 ({error.reason})") from error


def read_json(path: Path, most: int = MOST_JSON) -> Any:
    """JSON data. Raises DatasetError with the line where it ends to be JSON."""
    text = read_text(path, most)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path}:{error.lineno}: not JSON ({error.msg})") from error
    except (RecursionError, ValueError) as error:  # a number of a million digits is a ValueError
        raise DatasetError(f"{path}: not JSON that is read here ({error})") from error


def read_head(path: Path, count: int = 1 << 16) -> str:
    """The first bytes of a file as a text, to recognise it by; empty where there is no such file."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            return stream.read(count).decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return ""


def measure(picture: Path) -> tuple[int, int]:
    """(width, height) of the upright picture, without decoding it. Raises DatasetError."""
    try:
        return Frame.from_path(picture).size
    except ImageError as error:
        raise DatasetError(error.message, remedy=error.remedy) from error


def make_labels(names: Iterable[str], place: Path) -> LabelMap:
    """The classes in this order, numbered from 0. Raises DatasetError for names that are no text."""
    try:
        return LabelMap.from_names(names)
    except LabelError as error:
        raise DatasetError(f"{place}: {error.message}", remedy="rename the class") from error


def list_files(folder: Path, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Path]:
    """All files in and below a folder that are not hidden and have ``wanted`` names, in natural order.

    Raises DatasetError.
    """

    def refuse(error: OSError) -> None:
        raise DatasetError(f"{error.filename}: cannot be read ({error.strerror})") from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_key)
        chosen = [name for name in names if not name.startswith(".") and wanted(name)]
        for name in sorted(chosen, key=lambda name: (natural_key(name), name)):
            yield Path(parent, name)


def find_files(folder: Path, *suffixes: str) -> list[Path]:
    """The files in and below a folder with these suffixes, in small letters, in natural order. Raises DatasetError."""
    return list(list_files(folder, lambda name: name.lower().endswith(suffixes)))


class Pictures:
    """The pictures in and below a folder, by what files of labels call them."""

    def __init__(self, folder: Path, *, without: Sequence[str] = ()) -> None:
        """``without`` are names of subfolders that hold other pictures, such as masks. Raises DatasetError."""
        self.folder = folder
        self.paths = [
            path
            for path in list_files(folder, is_picture_name)
            if not set(path.relative_to(folder).parts[:-1]).intersection(without)
        ]
        self._by_key = {self.key_of(path): path for path in self.paths}
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in self.paths:
            self._by_name[path.name.casefold()].append(path)
            self._by_stem[path.stem.casefold()].append(path)

    def key_of(self, path: Path) -> str:
        """Its path below the folder, with ``/``."""
        return path.relative_to(self.folder).as_posix()

    def find(self, name: str, *, near: Path | None = None) -> Path | None:
        """The picture that a file of labels calls so; None where there is none, or several may be meant.

        Its path below the folder, or below that of the labels, ``near``; else the picture whose path ends so; else the
        one of that name, or, whatever its suffix, of that stem; of several the one that is nearest to the labels. Of a
        path on somebody's disk the end alone counts.
        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        tail = "/".join(part for part in parts if part not in ("/", "..", ".") and not part.endswith(":"))
        if near is not None and near.is_relative_to(self.folder):
            beside = self._by_key.get((near.relative_to(self.folder) / tail).as_posix())
            if beside:
                return beside
        if tail in self._by_key:
            return self._by_key[tail]
        last = PurePosixPath(tail).name
        for candidates in (self._by_name.get(last.casefold(), ()), self._by_stem.get(_stem(last), ())):
            alike = [path for path in candidates if _shares_end(self.key_of(path), tail)] or candidates
            shared = [_count_shared(path, near) for path in alike]
            if shared.count(max(shared, default=0)) == 1:
                return alike[shared.index(max(shared))]
        return None

    def explain_missing(self, name: str) -> str:
        """Why ``find`` gives nothing, for a finding."""
        alike = self._by_name.get(PurePosixPath(name.replace("\\", "/")).name.casefold(), ())
        several = f"may be {self.key_of(alike[0])} or {self.key_of(alike[1])}" if len(alike) > 1 else "is missing"
        return f"the picture {name!r} {several}"


def _count_shared(path: Path, near: Path | None) -> int:
    """How many folders two paths have in common."""
    pairs = zip(path.parts, near.parts if near else (), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.casefold()


def _shares_end(key: str, tail: str) -> bool:
    return key.endswith(f"/{tail}") or tail.endswith(f"/{key}")


def find_part(path: Path | str) -> str:
    """The part of a data set that a folder in a path is named after: ``train``, ``val``, ``test``, or empty."""
    for name in reversed(PurePosixPath(path).parts if isinstance(path, str) else path.parts):
        part = to_part(name)
        if part:
            return part
    return ""


def to_part(name: str) -> str:
    """The part that a word stands for, as ``train``, ``val2017``, ``validation``, ``Test``; empty for other words."""
    word = name.casefold().rstrip("0123456789_- ")
    for part, words in _PARTS.items():
        if word in words:
            return part
    return ""


_PARTS = {
    "train": ("train", "training", "trn"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "tst"),
}
