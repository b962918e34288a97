"""Orientation: how the pictures of a video are rotated and mirrored, and how that is undone."""

from __future__ import annotations

import attrs
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

_MATRIX = "DISPLAYMATRIX"


@attrs.frozen
class Orientation:
    """``transposed``: rows and columns are swapped first; ``across``, ``down``: whether they then run forwards."""

    transposed: bool = False
    across: bool = True
    down: bool = True

    @classmethod
    def of(cls, picture: VideoFrame) -> Orientation:
        """From the picture's matrix of nine numbers a b u c d v x y w (ISO/IEC 14496-12).

        A pixel at (p, q) is shown at (a p + c q + x, b p + d q + y).
        """
        matrix = picture.side_data.get(_MATRIX)
        if matrix is None:
            return cls()
        a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()  # type: ignore[call-overload]  # PyAV says object; it is a buffer
        return cls(True, c > 0, b > 0) if abs(b) > abs(a) else cls(False, a > 0, d > 0)

    def size(self, picture: VideoFrame) -> tuple[int, int]:
        """(width, height) of the upright picture."""
        return (picture.height, picture.width) if self.transposed else (picture.width, picture.height)

    def upright(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The upright pixels, H x W x C, contiguous."""
        if self.transposed:
            pixels = pixels.transpose(1, 0, 2)
        return np.ascontiguousarray(pixels[:: 1 if self.down else -1, :: 1 if self.across else -1])


class Orientations:
    """The orientations in one track, each read once.

    PyAV keeps a picture whose side data was read until garbage collection: for a camera, gigabytes.
    """

    def __init__(self) -> None:
        self._by_angle: dict[int, Orientation] = {}

    def of(self, picture: VideoFrame) -> Orientation:
        angle = picture.rotation
        if angle not in self._by_angle:
            self._by_angle[angle] = Orientation.of(picture)
        return self._by_angle[angle]
