"""Box arithmetic on N x 4 arrays: x1, y1, x2, y2 in pixels of the original picture unless said otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.frames.placement import Placement

Floats = NDArray[np.floating]
Matrix = NDArray[np.float64]

Crop = tuple[int, int, int, int]
"""left, top, right, bottom in whole pixels of the picture."""

UNITS = ("normalised", "absolute")
# A normalised coordinate can leave the picture a little (0 to 1, unclipped); no useful box in pixels ends before 2.
LARGEST_NORMALISED = 2.0


def are_normalised(points: Floats, unit: str | None) -> bool:
    """Whether coordinates are shares of the tensor's sides rather than its pixels: as ``unit``, one of UNITS, says.

    Without a unit, coordinates are pixels if the largest one is above 2.
    """
    if unit is not None:
        return unit == "normalised"
    return not ((points > LARGEST_NORMALISED) & (points < np.inf)).any()


def points_to_picture(points: Floats, placement: Placement, *, normalised: bool) -> NDArray[np.float32]:
    """Carries x, y pairs (last axis 2 or 4), in the tensor's pixels or normalised by its size, to picture pixels."""
    if normalised:
        points = points * np.array(placement.tensor * (points.shape[-1] // 2), np.float32)
    if placement.is_identity:
        return points.astype(np.float32, copy=False)
    return placement.to_picture(points)


def centred_to_corners(boxes: Floats) -> NDArray[np.float32]:
    """N x 4 centre x, centre y, width, height as x1, y1, x2, y2."""
    centres, halves = boxes[:, :2].astype(np.float32), boxes[:, 2:4].astype(np.float32) / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def corners_to_centred(boxes: Floats) -> NDArray[np.float32]:
    """N x 4 x1, y1, x2, y2 as centre x, centre y, width, height."""
    low, high = boxes[:, :2].astype(np.float32), boxes[:, 2:4].astype(np.float32)
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def turn_boxes(boxes: Floats, angles: Floats) -> NDArray[np.float32]:
    """N x 4 x 2: the corners of N boxes turned about their centres by N radians, clockwise as the picture is seen.

    The corner that was the upper left one comes first, the others follow clockwise.
    """
    centres, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    x, y = (halves[:, None] * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])).transpose(2, 0, 1)
    cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
    turned = np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)
    corners: NDArray[np.float32] = (centres[:, None] + turned).astype(np.float32)
    return corners


def are_usable(boxes: Floats) -> NDArray[np.bool_]:
    """N booleans: all four numbers are finite and the box has an area. NaN fails both comparisons."""
    return (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]) & np.isfinite(boxes).all(axis=1)


def clip_boxes(boxes: Floats, size: tuple[int, int]) -> NDArray[np.float32]:
    """Cuts boxes at the borders of a (width, height) picture."""
    return np.minimum(np.maximum(boxes, np.float32(0)), np.array(size * 2, np.float32))


def boxes_to_crops(boxes: NDArray[np.floating], size: tuple[int, int], margin: float = 0.0) -> list[Crop | None]:
    """The whole pixels that N x 4 boxes touch, widened by ``margin`` of their sides, within a (width, height) picture.

    None for a box that holds no pixel of the picture, is inside out or not finite.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    usable = np.isfinite(boxes).all(axis=1) & (sides > 0).all(axis=1)
    wide = np.where(usable[:, None], boxes + np.concatenate([-sides, sides], axis=1) * margin, 0)
    edges = np.concatenate([np.floor(wide[:, :2]), np.ceil(wide[:, 2:])], axis=1)
    clipped = edges.clip(0, [*size, *size]).astype(int).tolist()
    return [(x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None for x1, y1, x2, y2 in clipped]


def box_areas(boxes: Floats) -> Matrix:
    """N areas in square pixels; 0 for a box that is inside out."""
    areas: Matrix = (boxes[:, 2:].astype(np.float64) - boxes[:, :2]).clip(0).prod(axis=1)
    return areas


def box_ious(ours: Floats, theirs: Floats) -> Matrix:
    """A x B intersections over unions of A x 4 and B x 4 boxes; 0 where both are empty."""
    return ious_from_intersections(box_intersections(ours, theirs), ours, theirs)


def box_intersections(ours: Floats, theirs: Floats) -> Matrix:
    """A x B areas that A x 4 and B x 4 boxes have in common, in square pixels."""
    ours, theirs = ours.astype(np.float64, copy=False), theirs.astype(np.float64, copy=False)
    lower_right = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    upper_left = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    common: Matrix = (lower_right - upper_left).clip(0).prod(axis=2)
    return common


def ious_from_intersections(common: Matrix, ours: Floats, theirs: Floats) -> Matrix:
    """As ``box_ious``, where the ``box_intersections`` are known already."""
    union = box_areas(ours)[:, None] + box_areas(theirs) - common
    ious: Matrix = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return ious


def boxes_inside(ours: Floats, theirs: Floats) -> NDArray[np.bool_]:
    """A x B booleans: whether a box of ours lies in one of theirs, edges included."""
    begins = ours[:, None, :2] >= theirs[None, :, :2]
    ends = ours[:, None, 2:] <= theirs[None, :, 2:]
    within: NDArray[np.bool_] = np.all(begins & ends, axis=2)
    return within
