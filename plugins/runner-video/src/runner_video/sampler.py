"""FrameSampler: which pictures of a video are kept if not all are."""

from __future__ import annotations

import math

import attrs

_CLOSE = 1e-6  # of a frame: times are not exact in binary


@attrs.define
class FrameSampler:
    """Takes every ``stride``-th picture, of these at most ``max_fps`` a second of the video (None: all)."""

    stride: int = 1
    max_fps: float | None = None
    _seen: int = attrs.field(default=0, init=False)
    _last: int = attrs.field(default=-1, init=False)

    def keeps(self, time: float) -> bool:
        """Whether to keep the next picture, at ``time`` in seconds. Call it once for each picture."""
        self._seen += 1
        if (self._seen - 1) % self.stride:
            return False
        if self.max_fps is None:
            return True
        slot = math.floor(time * self.max_fps + _CLOSE)
        if slot == self._last:
            return False
        self._last = slot
        return True
