"""Regions: from a class map to instances, one for each class in it, and the connected parts of a mask."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.frames import Placement
from runner_core.results import Mask, PixelMap


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
        return float(values.mean(where=self.mask[self.part], dtype=np.float64))

    @property
    def part(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        x1, y1, x2, y2 = self.box
        return slice(y1, y2), slice(x1, x2)


def find_regions(class_map: NDArray[np.integer], background: frozenset[int]) -> list[Region]:
    """A region for each class of the H x W map that is not background, the largest first."""
    present = np.flatnonzero(np.bincount(class_map.reshape(-1))).tolist()
    regions = [_make_region(number, class_map == number) for number in present if number not in background]
    return sorted(regions, key=lambda region: -region.area)


def _make_region(model_id: int, mask: NDArray[np.bool_]) -> Region:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return Region(model_id, mask, (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))


def label_parts(inside: NDArray[np.bool_]) -> NDArray[np.intp]:
    """H x W: the number, from 1, of the connected part that each cell is in; 0 outside. Parts that touch at a corner
    are one.

    Runs of cells along the rows are joined to those in the row below until no two that touch differ.
    """
    steps = np.diff(np.pad(inside, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps > 0)
    ends = np.nonzero(steps < 0)[1]
    apart = inside.shape[1] + 2  # between the keys of one row and the next
    first = np.searchsorted(rows * apart + ends, (rows + 1) * apart + starts)
    counts = np.searchsorted(rows * apart + starts, (rows + 1) * apart + ends, side="right") - first
    ones = np.repeat(np.arange(len(rows)), counts)
    others = np.arange(len(ones)) + np.repeat(first - counts.cumsum() + counts, counts)
    parts = np.arange(len(rows))
    while (parts[ones] != parts[others]).any():
        least = np.minimum(parts[ones], parts[others])
        joined = parts.copy()
        np.minimum.at(joined, parts[ones], least)
        np.minimum.at(joined, parts[others], least)
        parts = joined[joined]
    labels = np.zeros(inside.shape, np.intp)
    labels[inside] = np.repeat(np.unique(parts, return_inverse=True)[1] + 1, ends - starts)
    return labels


@attrs.frozen(eq=False)
class Parts:
    """The N connected parts of a mask of h x w cells, the hottest first.

    ``labels`` h x w has the number of each cell's part, ``numbers`` N those of the parts, ``boxes`` N x 4 x1, y1, x2,
    y2 around them, in cells, ``scores`` N the greatest number in each.
    """

    labels: NDArray[np.intp]
    numbers: NDArray[np.intp]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]

    @classmethod
    def of(cls, inside: NDArray[np.bool_], heat: NDArray[np.float32]) -> Parts:
        """Of the cells that are ``inside``; ``heat`` is a number for each cell."""
        labels = label_parts(inside)
        rows, columns = np.nonzero(labels)
        places, count = labels[rows, columns] - 1, int(labels.max(initial=0))
        starts, ends, scores = np.full((count, 2), np.inf), np.zeros((count, 2)), np.full(count, -np.inf)
        cells = np.stack([columns, rows], axis=1)
        np.minimum.at(starts, places, cells)
        np.maximum.at(ends, places, cells + 1)
        np.maximum.at(scores, places, heat[rows, columns])
        order = np.argsort(-scores, kind="stable")
        boxes = np.concatenate([starts, ends], axis=1).astype(np.float32)
        return cls(labels, order + 1, boxes[order], scores[order].astype(np.float32))

    def take_best(self, threshold: float, most: int) -> Parts:
        """Of those that score ``threshold`` or more, the first ``most``."""
        count = min(int(np.count_nonzero(self.scores >= threshold)), most)
        return Parts(self.labels, self.numbers[:count], self.boxes[:count], self.scores[:count])


class PartMask(Mask):
    """A part of a mask of h x w cells, which span the tensor; drawn when its pixels are first read.

    A pixel belongs to it where its cells, resized bilinearly, do so by half or more, as in Anomalib's own
    src/anomalib/deploy/inferencers/openvino_inferencer.py of version 1.
    """

    def __init__(self, labels: NDArray[np.intp], number: int, placement: Placement) -> None:
        self._labels, self._number, self._placement = labels, number, placement
        self.shape = (placement.picture[1], placement.picture[0])

    @cached_property
    def array(self) -> NDArray[np.bool_]:
        """H x W bool."""
        cells = (self._labels == self._number) * np.uint8(255)
        drawn = PixelMap.placed("alpha", cells, self._placement).resize() >= 128
        drawn.flags.writeable = False
        return drawn
