"""Naming: a name of its own for each picture."""

from __future__ import annotations

import re
from pathlib import PurePath

from runner_core.frame import Frame

_LONGEST = 60  # characters, each up to four bytes: file systems stop at 255


class Names:
    """Gives each frame the stem of its source; of two sources with one stem the later gets a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> None:
        """Keeps a name from pictures."""
        self._taken.add(name.casefold())

    def name(self, frame: Frame) -> str:
        """Without a suffix; a frame of a video carries its index."""
        stem = safe(PurePath(frame.source.partition("?")[0]).stem)
        stem = stem if frame.time is None else f"{stem}-{frame.index:06d}"
        chosen, number = stem, 1
        while chosen.casefold() in self._taken:
            number += 1
            chosen = f"{stem}-{number}"
        self.take(chosen)
        return chosen


def safe(text: str) -> str:
    """The text as a part of a path on any system."""
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "-", text).strip(". ")[:_LONGEST] or "unnamed"
