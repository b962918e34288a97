"""DoneFrames: the frames that a run has answered, known again by their files or by their contents."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from runner_core.errors import ImageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.mailbox import close_frames

KEY_BYTES = 8  # of a frame, so that a million are small; two of a million are alike once in 40 million runs


def key_by_file(frame: Frame) -> bytes:
    """Of the source, its size and its time of change, and of the frame's time in it; of what is no file, the source."""
    try:
        status = os.stat(frame.source)  # noqa: PTH116  # any text may be a source
        file = os.path.abspath(frame.source), status.st_size, status.st_mtime_ns  # noqa: PTH100  # as above
    except (OSError, ValueError):
        return _digest(repr((frame.source, frame.time)).encode())
    return _digest(repr((*file, frame.time)).encode())


def key_by_content(frame: Frame) -> bytes:
    """Of the encoded picture, wherever it lies; ``key_by_file`` for one that is not encoded or cannot be read."""
    try:
        encoded = frame.encoded
    except ImageError:
        encoded = None
    return key_by_file(frame) if encoded is None or frame.time is not None else _digest(encoded)


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()[:KEY_BYTES]


class DoneFrames:
    """``keys`` has the key of each frame, one behind the other; a frame that was there twice is so often.

    ``key_of`` makes the key of a frame. Takes 12 bytes a frame.
    """

    def __init__(self, keys: bytes = b"", key_of: Callable[[Frame], bytes] = key_by_file) -> None:
        known, counts = np.unique(np.frombuffer(keys, np.uint64), return_counts=True)
        self._keys: NDArray[np.uint64] = known
        self._counts = counts.astype(np.uint32)
        self._key_of = key_of
        self.total = self.left = len(keys) // KEY_BYTES

    def skip(self, frames: Iterator[Frame], on_skip: Callable[[], None]) -> Generator[Frame]:
        """The frames that are not done, numbered on behind those that are; ``on_skip`` is called for each other one."""
        number = self.total
        try:
            for frame in frames:
                if self._take(frame):
                    on_skip()
                    continue
                if self.total:
                    frame.index = number
                number += 1
                yield frame
        finally:
            close_frames(frames)

    def _take(self, frame: Frame) -> bool:
        """Whether the frame is done; the next one like it is so only if there were two."""
        if not self.left:
            return False
        for make_key in dict.fromkeys((self._key_of, key_by_file)):
            key = np.frombuffer(make_key(frame), np.uint64)[0]
            place = int(np.searchsorted(self._keys, key))
            if place < len(self._keys) and self._keys[place] == key and self._counts[place]:
                self._counts[place] -= 1
                self.left -= 1
                return True
        return False
