"""Box arithmetic: N x 4 arrays, pixels of the original picture unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from runner_core.frames.preprocess import Placement

Floats = NDArray[np.floating]

# A normalised coordinate can leave the picture a little (0 to 1, unclipped); no useful box in pixels ends before 2.
LARGEST_NORMALISED = 2.0
UNITS = ("normalised", "absolute")
YX_TO_XY = [1, 0, 3, 2]  # columns of a box or of an offset


def are_normalised(points: Floats, said: str | None) -> bool:
    """Whether coordinates are shares of the tensor, not its pixels: as ``said``, one of UNITS.

    Where nothing is said, coordinates are pixels if the largest one is above 2. Without any it does not matter.
    """
    if said is not None:
        return said == "normalised"
    return not ((points > LARGEST_NORMALISED) & (points < np.inf)).any()


def to_picture(points: Floats, placement: Placement, *, normalised: bool) -> NDArray[np.float32]:
    """Carries x, y pairs (last axis 2 or 4), in the tensor's pixels or normalised by its size, to picture pixels."""
    if normalised:
        points = points * np.array(placement.tensor * (points.shape[-1] // 2), np.float32)
    if placement.identity:
        return points.astype(np.float32, copy=False)
    return placement.to_picture(points)


def centred_to_corners(boxes: Floats) -> NDArray[np.float32]:
    """N x 4 centre x, centre y, width, height as xyxy."""
    centres, halves = boxes[:, :2].astype(np.float32), boxes[:, 2:4].astype(np.float32) / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def sized_to_corners(boxes: Floats) -> NDArray[np.float32]:
    """N x 4 left, top, width, height as xyxy."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]], axis=1).astype(np.float32, copy=False)


# The orders that models give a box's four numbers in, and how each becomes xyxy.
TO_CORNERS: dict[str, Callable[[Floats], Floats]] = {
    "xyxy": lambda boxes: boxes,
    "yxyx": lambda boxes: boxes[:, YX_TO_XY],
    "cxcywh": centred_to_corners,
    "xywh": sized_to_corners,
}


def clip(boxes: Floats, size: tuple[int, int]) -> NDArray[np.float32]:
    """Cuts xyxy boxes at the borders of a (width, height) picture."""
    return np.minimum(np.maximum(boxes, np.float32(0)), np.array(size * 2, np.float32))


def usable(boxes: Floats) -> NDArray[np.bool_]:
    """N booleans: all four numbers are finite and the box has an area. NaN fails both comparisons."""
    return (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]) & np.isfinite(boxes).all(axis=1)
