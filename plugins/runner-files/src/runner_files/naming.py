"""A unique file name for each picture that is written."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from urllib.parse import urlsplit

from runner_core.frames import is_picture_name

_ENDINGS = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "PNG": (".png",)}
_MAX_BYTES = 200  # bytes of a name before its suffix; file systems stop at 255, and a number may follow


class Names:
    """Unique names relative to one folder: of two sources with the same name, the later gets a number.

    The same sources in the same order get the same names.
    """

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}
        self._new: list[str] = []

    def choose_name(self, source: str, form: str, *, number: int | None = None) -> PurePath:
        """The name for a picture in ``form`` (``JPEG`` or ``PNG``).

        ``source`` is its path, below the folder that is read if that is known; ``number`` that of a video's frame,
        which is named after the video alone.
        """
        path = _set_suffix(_to_relative(source), form)
        if number is not None:
            path = PurePath(path.name).with_stem(f"{path.stem}-{number:06d}")
        return self._make_unique(path)

    def pop_new(self) -> Sequence[str]:
        """What was taken since it was last asked."""
        new, self._new = self._new, []
        return new

    def take(self, taken: Iterable[str]) -> None:
        """Takes what ``pop_new`` of an earlier run gave."""
        self._uses.update(dict.fromkeys(taken, 1))

    def _make_unique(self, path: PurePath) -> PurePath:
        key, unique = _key_of(path), path
        while (chosen := _key_of(unique)) in self._uses:
            self._uses[key] += 1
            unique = path.with_stem(f"{path.stem}-{self._uses[key]}")
        self._uses[chosen] = 1
        self._new.append(chosen)
        return unique


def _key_of(path: PurePath) -> str:
    """Names with the same key are the same file on systems that ignore letter case or the form of accents."""
    return unicodedata.normalize("NFC", path.as_posix()).casefold()


def _to_relative(source: str) -> PurePath:
    """A relative path stays; a path outside the working folder keeps its last folder; a URL becomes one name."""
    if "://" in source:
        return PurePath(_name_from_url(source))
    path = PurePath(source)
    parts = [part for part in path.parts if part != path.anchor]
    if path.anchor or os.pardir in parts:
        parts = [part for part in parts[-2:] if part != os.pardir]
    return PurePath(*parts) if parts else PurePath("picture")


def _name_from_url(url: str) -> str:
    """Host and path, without user name, password and query, which do not belong in a file name."""
    try:
        parts = urlsplit(url)
        name = f"{parts.hostname or ''}{parts.path}"
    except ValueError:  # not a valid URL
        name = url
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "picture"


def _set_suffix(path: PurePath, form: str) -> PurePath:
    endings = _ENDINGS[form]
    stem, ending = (path.stem, path.suffix) if is_picture_name(path.name) else (path.name, "")
    kept = ending if ending.lower() in endings else endings[0]
    return path.with_name(_shorten(stem) + kept)


def _shorten(stem: str) -> str:
    data = os.fsencode(stem)
    return stem if len(data) <= _MAX_BYTES else data[:_MAX_BYTES].decode(errors="ignore")
