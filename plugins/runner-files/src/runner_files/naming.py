"""Naming: a file name of its own for each picture that is written."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import PurePath
from urllib.parse import urlsplit

from runner_files.listing import is_picture

_ENDINGS = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "PNG": (".png",)}
_LONGEST = 200  # bytes of a name before its suffix; file systems stop at 255, and a number may follow


class Names:
    """Gives names relative to one folder, each once: of two sources that would share one, the later gets a number.

    The same sources in the same order get the same names.
    """

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}

    def name(self, source: str, form: str, *, number: int | None = None) -> PurePath:
        """The name for a picture in ``form`` (``JPEG`` or ``PNG``); ``number`` is that of a video's frame."""
        path = _with_ending(_relative(source), form)
        if number is not None:
            path = path.with_stem(f"{path.stem}-{number:06d}")
        return self._unused(path)

    def _unused(self, path: PurePath) -> PurePath:
        key, chosen = _key(path), path
        while _key(chosen) in self._uses:
            self._uses[key] += 1
            chosen = path.with_stem(f"{path.stem}-{self._uses[key]}")
        self._uses[_key(chosen)] = 1
        return chosen


def _key(path: PurePath) -> str:
    """Names with the same key are one file where letter case or the form of accents does not count."""
    return unicodedata.normalize("NFC", path.as_posix()).casefold()


def _relative(source: str) -> PurePath:
    """A relative path stays; of one that leaves the working folder, the last folder is kept; a URL becomes one name."""
    if "://" in source:
        return PurePath(_from_url(source))
    path = PurePath(source)
    parts = [part for part in path.parts if part != path.anchor]
    if path.anchor or os.pardir in parts:
        parts = [part for part in parts[-2:] if part != os.pardir]
    return PurePath(*parts) if parts else PurePath("picture")


def _from_url(url: str) -> str:
    """Host and path; user names, passwords and queries belong in no file name."""
    try:
        parts = urlsplit(url)
        named = f"{parts.hostname or ''}{parts.path}"
    except ValueError:  # no URL after all
        named = url
    return re.sub(r"[^A-Za-z0-9._-]+", "-", named).strip("-.") or "picture"


def _with_ending(path: PurePath, form: str) -> PurePath:
    endings = _ENDINGS[form]
    stem, ending = (path.stem, path.suffix) if is_picture(path.name) else (path.name, "")
    kept = ending if ending.lower() in endings else endings[0]
    return path.with_name(_shortened(stem) + kept)


def _shortened(stem: str) -> str:
    data = os.fsencode(stem)
    return stem if len(data) <= _LONGEST else data[:_LONGEST].decode(errors="ignore")
