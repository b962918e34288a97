"""Shot: one picture as it comes out of a video or a camera, and the Frame made of it."""

from __future__ import annotations

import threading
from functools import partial

import attrs
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from runner_core.errors import ImageError
from runner_core.frames import Frame
from runner_video.orientation import Orientation

UPRIGHT = Orientation()

# A converter takes longer to make than to use, and only one thread may use it at a time.
_own = threading.local()


@attrs.frozen
class Shot:
    """One picture: decoded by FFmpeg, a JPEG as it came, or an error; ``time.monotonic()`` when it came."""

    picture: VideoFrame | bytes | ImageError
    taken: float | None = None
    orientation: Orientation = UPRIGHT

    def frame(self, source: str, index: int, time: float | None) -> Frame:
        """A frame that is converted to RGB, or decoded, when its pixels are needed."""
        if isinstance(self.picture, VideoFrame):
            render, size = partial(_to_rgb, self.picture, self.orientation), self.orientation.size(self.picture)
            return Frame.from_function(render, size, source=source, index=index, time=time, taken=self.taken)
        return Frame(source=source, read=self._read, index=index, time=time, taken=self.taken)

    def _read(self) -> bytes:
        if isinstance(self.picture, ImageError):
            raise self.picture
        assert isinstance(self.picture, bytes)
        return self.picture


def _to_rgb(picture: VideoFrame, orientation: Orientation) -> NDArray[np.uint8]:
    """H x W x 3 uint8 RGB, upright."""
    if not hasattr(_own, "reformatter"):
        _own.reformatter = VideoReformatter()
    return orientation.upright(_own.reformatter.reformat(picture, format="rgb24", threads=1).to_ndarray())
