"""A unique name for each picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from runner_core.frames import Frame

_MAX_CHARACTERS = 60  # characters, each up to four bytes: file systems stop at 255


class Names:
    """The stem of each frame's source; of two with the same stem the later gets a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._new: list[str] = []

    def pop_new(self) -> Sequence[str]:
        """What was taken since it was last asked."""
        new, self._new = self._new, []
        return new

    def take(self, taken: Iterable[str]) -> None:
        """Takes what ``pop_new`` of an earlier run gave."""
        self._taken.update(taken)

    def choose_name(self, frame: Frame) -> str:
        """A name without a suffix; a video's frame has its index in it."""
        stem = _stem_of(frame.source)
        return self.make_unique(stem if frame.time is None else f"{stem}-{frame.index:06d}")

    def make_unique(self, stem: str) -> str:
        """The stem, with a number if it was used before, in any letter case."""
        unique, number = stem, 1
        while (key := unique.casefold()) in self._taken:
            number += 1
            unique = f"{stem}-{number}"
        self._taken.add(key)
        self._new.append(key)
        return unique


class FileNames:
    """What a dataset calls each picture: its path below the folder that is read; a video's frames are numbered."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._videos, self._stems = Names(), dict[str, str]()
        self._new: list[str] = []
        self._new_stems: dict[str, str] = {}

    def pop_new(self) -> dict[str, Any]:
        """JSON data of what was taken since it was last asked: names, and the stems of videos by their sources."""
        new = {"taken": self._new, "stems": self._new_stems}
        self._new, self._new_stems = [], {}
        return new

    def take(self, told: Mapping[str, Any]) -> None:
        """Takes what ``pop_new`` of an earlier run gave."""
        self._taken.update(told["taken"])
        self._stems.update(told["stems"])
        self._videos.take(stem.casefold() for stem in told["stems"].values())

    def choose_name(self, frame: Frame) -> str:
        """Of two pictures with one such path the later is called by its source."""
        if frame.time is not None:
            return f"{self._choose_stem(frame.source)}-{frame.index:06d}.jpg"
        name = frame.file_name or frame.source
        unique = frame.source if name in self._taken else name
        self._taken.add(unique)
        self._new.append(unique)
        return unique

    def _choose_stem(self, source: str) -> str:
        if source not in self._stems:
            self._stems[source] = self._new_stems[source] = self._videos.make_unique(_stem_of(source))
        return self._stems[source]


def _stem_of(source: str) -> str:
    return to_safe_name(PurePath(source.partition("?")[0]).stem)


def to_safe_name(text: str) -> str:
    """The text as a part of a path that is valid on any system."""
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "-", text).strip(". ")[:_MAX_CHARACTERS] or "unnamed"


def to_plain_text(text: str) -> str:
    """The text as XML can hold it: control characters are spaces, bytes that are not UTF-8 are escaped."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text).encode("utf-8", "backslashreplace").decode()
