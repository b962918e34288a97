"""Regions: from a class map to instances, one for each class in it."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen(eq=False)
class Region:
    """All pixels of one class: H x W bool, and x1, y1, x2, y2 around them."""

    model_id: int
    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    def mean(self, values: NDArray[np.floating]) -> float:
        """The mean of ``values`` over its pixels; they are h x w, of its box."""
        x1, y1, x2, y2 = self.box
        return float(values.mean(where=self.mask[y1:y2, x1:x2], dtype=np.float64))


def find_regions(class_map: NDArray[np.integer], background: frozenset[int]) -> list[Region]:
    """A region for each class of the H x W map that is not background, the largest first."""
    present = np.flatnonzero(np.bincount(class_map.reshape(-1))).tolist()
    regions = [_make_region(number, class_map == number) for number in present if number not in background]
    return sorted(regions, key=lambda region: -region.area)


def _make_region(model_id: int, mask: NDArray[np.bool_]) -> Region:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return Region(model_id, mask, (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
