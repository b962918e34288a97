"""PrototypeMask: a mask of YOLO, a weighted sum of prototypes that all instances share."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from runner_core.frames import Placement
from runner_core.results import Mask
from runner_segmentation.upsample import Taps, resize_best_classes


class PrototypeMask(Mask):
    """Computed when its pixels are first read: those of the box where the sum, resized, is above 0.

    ``coefficients`` K, ``prototypes`` K x h x w float32, which span the whole tensor; ``box`` x1, y1, x2, y2 in pixels
    of the picture. Source: ultralytics/utils/ops.py, ``process_mask_native``.
    """

    def __init__(
        self,
        coefficients: NDArray[np.float32],
        prototypes: NDArray[np.float32],
        box: NDArray[np.float32],
        placement: Placement,
    ) -> None:
        self._coefficients, self._prototypes, self._box, self._placement = coefficients, prototypes, box, placement
        self.shape = (placement.picture[1], placement.picture[0])

    @cached_property
    def array(self) -> NDArray[np.bool_]:
        """H x W bool."""
        height, width = self.shape
        drawn = np.zeros(self.shape, bool)
        left, top, right, bottom = (math.ceil(side - 0.5) for side in self._box.tolist())  # centres inside the box
        left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
        if right > left and bottom > top:
            _, high, wide = self._prototypes.shape
            rows = Taps.along(self._placement, 1, high, top, bottom)
            columns = Taps.along(self._placement, 0, wide, left, right)
            inside = np.tensordot(self._coefficients, self._prototypes, axes=1)
            outside = np.zeros_like(inside)
            drawn[top:bottom, left:right] = resize_best_classes(np.stack([outside, inside]), rows, columns)
        drawn.flags.writeable = False
        return drawn
