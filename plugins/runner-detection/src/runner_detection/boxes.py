"""Box arithmetic: N x 4 arrays, pixels of the original picture unless said otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.picture import Placement

Floats = NDArray[np.floating]

# A normalised coordinate can leave the picture a little (0 to 1, unclipped); no useful box in pixels ends before 2.
LARGEST_NORMALISED = 2.0


def looks_absolute(points: Floats) -> bool:
    """Whether coordinates are pixels: the largest one is above 2. Without any it does not matter."""
    return bool(((points > LARGEST_NORMALISED) & (points < np.inf)).any())


def to_picture(points: Floats, placement: Placement, *, normalised: bool) -> NDArray[np.float32]:
    """Carries x, y pairs (last axis 2 or 4), in the tensor's pixels or normalised by its size, to picture pixels."""
    if normalised:
        points = points * np.array(placement.tensor * (points.shape[-1] // 2), np.float32)
    if placement.identity:
        return points.astype(np.float32, copy=False)
    return placement.to_picture(points)


def clip(boxes: Floats, size: tuple[int, int]) -> NDArray[np.float32]:
    """Cuts xyxy boxes at the borders of a (width, height) picture."""
    return np.minimum(np.maximum(boxes, np.float32(0)), np.array(size * 2, np.float32))


def usable(boxes: Floats) -> NDArray[np.bool_]:
    """N booleans: all four numbers are finite and the box has an area. NaN fails both comparisons."""
    return (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]) & np.isfinite(boxes).all(axis=1)
