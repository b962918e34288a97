"""Naming: a name of its own for each picture."""

from __future__ import annotations

import re
from pathlib import PurePath

from runner_core.frames import Frame

_LONGEST = 60  # characters, each up to four bytes: file systems stop at 255


class Names:
    """Gives each frame the stem of its source; of two with one stem the later gets a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, frame: Frame) -> str:
        """Without a suffix; a frame of a video carries its index."""
        stem = safe(PurePath(frame.source.partition("?")[0]).stem)
        return self.unused(stem if frame.time is None else f"{stem}-{frame.index:06d}")

    def unused(self, stem: str) -> str:
        """The stem, with a number where it was given before; letter case does not count."""
        chosen, number = stem, 1
        while chosen.casefold() in self._taken:
            number += 1
            chosen = f"{stem}-{number}"
        self._taken.add(chosen.casefold())
        return chosen


def safe(text: str) -> str:
    """The text as a part of a path on any system."""
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "-", text).strip(". ")[:_LONGEST] or "unnamed"
