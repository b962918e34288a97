"""PastedMask: a small mask of a detection, stretched over its box when the pixels are first read."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.results import Mask

LEVEL = 0.5  # of a soft mask: from here on a pixel belongs to the instance


class PastedMask(Mask):
    """A small soft mask stretched over a box of the picture; pixels outside the box do not belong to the instance.

    ``soft``  h x w, 0 to 1 or bool; the centres of the outer cells lie half a cell inside the box, as in Mask R-CNN.
    ``box``   x1, y1, x2, y2 in pixels of the picture, not cut at its borders.
    ``size``  (width, height) of the picture.
    """

    def __init__(self, soft: NDArray[np.generic], box: NDArray[np.floating], size: tuple[int, int]) -> None:
        self._soft, self._box = soft, box
        self.shape = size[::-1]

    @cached_property
    def array(self) -> NDArray[np.bool_]:
        """H x W bool."""
        height, width = self.shape
        drawn = np.zeros(self.shape, bool)
        x1, y1, x2, y2 = (float(side) for side in self._box)
        left, top, right, bottom = (
            max(0, math.floor(x1)),
            max(0, math.floor(y1)),
            min(width, math.ceil(x2)),
            min(height, math.ceil(y2)),
        )
        if right > left and bottom > top:
            drawn[top:bottom, left:right] = self._stretch(left, top, (right - left, bottom - top))
        drawn.flags.writeable = False
        return drawn

    def _stretch(self, left: int, top: int, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The window of that size at (left, top) of the picture; Pillow fills with 0 what lies outside the box."""
        x1, y1, x2, y2 = (float(side) for side in self._box)
        rows, columns = self._soft.shape
        across, down = columns / (x2 - x1), rows / (y2 - y1)
        matrix = (across, 0, (left - x1) * across, 0, down, (top - y1) * down)
        soft = Image.fromarray(self._soft.astype(np.float32))
        return np.asarray(soft.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)) >= LEVEL
