"""Polygons as masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runner_core.results.mask import Mask

Points = NDArray[np.float64]


def fill_polygons(polygons: Sequence[Points], size: tuple[int, int]) -> Mask:
    """The mask of all pixels whose centres lie in one of the polygons, M x 2 of x, y, where 0, 0 is a corner.

    ``size`` is the picture's (width, height). A line there and back encloses nothing; the polygon closes itself.
    """
    width, height = size
    pixels = np.zeros((height, width), bool)
    for polygon in polygons:
        _fill(pixels, polygon)
    return Mask(rle=Mask(array=pixels).rle)  # a hundred of a large picture would take gigabytes


def _fill(pixels: NDArray[np.bool_], polygon: Points) -> None:
    """Adds the pixels of a polygon: each edge turns all pixels to the right of it, in the rows whose middle it meets.

    Source: the even-odd rule, https://www.w3.org/TR/SVG2/painting.html#FillRuleProperty.
    """
    height, width = pixels.shape
    top, bottom = (
        int(edge) for edge in polygon[:, 1].clip(0, height)[[polygon[:, 1].argmin(), polygon[:, 1].argmax()]]
    )
    turns = np.zeros((min(bottom + 1, height) - top, width + 1), np.int32)
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        rows, columns = _cross_rows(start, end, height, width)
        np.add.at(turns, (rows - top, columns), 1)
    pixels[top : top + len(turns)] |= turns.cumsum(axis=1)[:, :-1] % 2 == 1


def _cross_rows(start: Points, end: Points, height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows whose middle an edge meets, and the first pixel of each that lies to the right of it."""
    (x, y), (last_x, last_y) = (start, end) if start[1] <= end[1] else (end, start)
    first, stop = (int(np.ceil(edge - 0.5)) for edge in np.clip([y, last_y], 0, height))
    rows = np.arange(first, stop)
    if not len(rows):
        return rows, rows
    crossings = x + (rows + 0.5 - y) * (last_x - x) / (last_y - y)
    return rows, np.ceil(crossings - 0.5).clip(0, width).astype(np.intp)
