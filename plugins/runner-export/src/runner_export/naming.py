"""A unique name for each picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

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
        stem = to_safe_name(PurePath(frame.source.partition("?")[0]).stem)
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


def to_safe_name(text: str) -> str:
    """The text as a part of a path that is valid on any system."""
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "-", text).strip(". ")[:_MAX_CHARACTERS] or "unnamed"
