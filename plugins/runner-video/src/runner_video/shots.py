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
from runner_core.frame import Frame

_MATRIX = "DISPLAYMATRIX"

# A converter takes longer to make than to use, and serves one thread at a time.
_own = threading.local()


@attrs.frozen
class Shot:
    """One picture: decoded by FFmpeg, a JPEG as it came, or why there is none; ``time.monotonic()`` when it came."""

    picture: VideoFrame | bytes | ImageError
    taken: float | None = None

    def frame(self, source: str, index: int, time: float | None) -> Frame:
        """Converted to RGB, or decoded, when somebody needs it."""
        if isinstance(self.picture, VideoFrame):
            render, size = partial(to_rgb, self.picture), upright_size(self.picture)
            return Frame.from_function(render, size, source=source, index=index, time=time, taken=self.taken)
        return Frame(source=source, read=self._read, index=index, time=time, taken=self.taken)

    def _read(self) -> bytes:
        if isinstance(self.picture, ImageError):
            raise self.picture
        assert isinstance(self.picture, bytes)
        return self.picture


def to_rgb(picture: VideoFrame) -> NDArray[np.uint8]:
    """H x W x 3 uint8 RGB, upright."""
    if not hasattr(_own, "reformatter"):
        _own.reformatter = VideoReformatter()
    pixels: NDArray[np.uint8] = _own.reformatter.reformat(picture, format="rgb24", threads=1).to_ndarray()
    across, down, turned = _placed(picture)
    if turned:
        pixels = pixels.transpose(1, 0, 2)
    return np.ascontiguousarray(pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])


def upright_size(picture: VideoFrame) -> tuple[int, int]:
    """(width, height) as it is to be shown."""
    turned = _placed(picture)[2]
    return (picture.height, picture.width) if turned else (picture.width, picture.height)


def _placed(picture: VideoFrame) -> tuple[int, int, bool]:
    """Whether columns and rows run forwards (> 0) or backwards, and whether they change places first.

    The matrix is ISO/IEC 14496-12's, of nine numbers a b u c d v x y w: a pixel at (p, q) is shown at
    (a p + c q + x, b p + d q + y).
    """
    matrix = picture.side_data.get(_MATRIX)
    if matrix is None:
        return 1, 1, False
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()  # type: ignore[call-overload]  # PyAV says object; it is a buffer
    return (c, b, True) if abs(b) > abs(a) else (a, d, False)
