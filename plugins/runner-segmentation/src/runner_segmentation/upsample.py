"""Sampling: from the cells of a small map to the pixels of the picture."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.frames import Placement

Cells = NDArray[np.integer]
Planes = NDArray[np.float32]

_AT_ONCE = 1 << 16  # pixels that are interpolated together, so that memory stays small


@attrs.frozen(eq=False)
class Taps:
    """For each pixel along one axis of the picture, the two cells of a map between whose centres its own lies."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    share: NDArray[np.float32]  # of the second, 0 to 1

    @classmethod
    def along(cls, placement: Placement, axis: int, cells: int, start: int = 0, stop: int | None = None) -> Taps:
        """For the pixels ``start`` to ``stop`` of the picture along ``axis`` (0: x); ``cells`` span the tensor."""
        pixels = np.arange(start, placement.picture[axis] if stop is None else stop) + 0.5
        in_tensor = pixels * placement.scale[axis] + placement.offset[axis]
        position = (in_tensor * (cells / placement.tensor[axis]) - 0.5).clip(0, cells - 1)
        first = position.astype(np.intp)
        return cls(first, np.minimum(first + 1, cells - 1), (position - first).astype(np.float32))

    def __getitem__(self, pixels: slice) -> Taps:
        return Taps(self.first[pixels], self.second[pixels], self.share[pixels])

    @property
    def nearest(self) -> NDArray[np.intp]:
        """The cell that each pixel's centre lies in."""
        return np.where(self.share < 0.5, self.first, self.second)


def make_taps(placement: Placement, cells: tuple[int, ...]) -> tuple[Taps, Taps]:
    """Taps for all rows and all columns of the picture; ``cells`` is the map's shape, whose last two are h x w."""
    return Taps.along(placement, 1, cells[-2]), Taps.along(placement, 0, cells[-1])


def resize_nearest(cells: NDArray[Any], rows: Taps, columns: Taps) -> NDArray[Any]:
    """H x W pixels, each with the value of its nearest one of h x w cells."""
    return _spread(cells, rows.nearest, columns.nearest)


def _spread(cells: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[Any]:
    return cells.take(columns, axis=1).take(rows, axis=0)


def resize_best_classes(planes: Planes, rows: Taps, columns: Taps) -> Cells:
    """H x W classes: for each pixel the one with the highest score, after resizing the C x h x w scores bilinearly.

    Where the four cells around a pixel agree on their class, so does every mean of them, and nothing is resized: only
    the borders between classes cost anything.
    """
    best = planes.argmax(axis=0).astype(np.uint8 if len(planes) < 256 else np.int32)
    found: Cells = _spread(best, rows.first, columns.first)
    unsure = np.flatnonzero(_spread(_find_mixed(best), rows.first, columns.first))
    for start in range(0, len(unsure), _AT_ONCE):
        part = unsure[start : start + _AT_ONCE]
        y, x = np.divmod(part, found.shape[1])
        found.reshape(-1)[part] = _interpolate(planes, rows, columns, y, x).argmax(axis=0)
    return found


def _find_mixed(best: Cells) -> NDArray[np.bool_]:
    """Whether a cell differs from one of its neighbours to the right, below and both."""
    below = np.concatenate([best[1:], best[-1:]])
    right, corner = (np.concatenate([cells[:, 1:], cells[:, -1:]], axis=1) for cells in (best, below))
    mixed: NDArray[np.bool_] = (best != right) | (best != below) | (best != corner)
    return mixed


def _interpolate(planes: Planes, rows: Taps, columns: Taps, y: NDArray[np.intp], x: NDArray[np.intp]) -> Planes:
    """C x n: the scores at n pixels of the picture."""
    width, flat = planes.shape[2], planes.reshape(len(planes), -1)
    upper, lower, down = rows.first[y] * width, rows.second[y] * width, rows.share[y]
    left, right, across = columns.first[x], columns.second[x], columns.share[x]
    above = flat[:, upper + left] * (1 - across) + flat[:, upper + right] * across
    under = flat[:, lower + left] * (1 - across) + flat[:, lower + right] * across
    return (above * (1 - down) + under * down).astype(np.float32, copy=False)
