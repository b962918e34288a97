"""The outline of a mask as one polygon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

MAX_LOOPS = 100  # the longest; shorter ones are noise of the mask's threshold and would cost much time

_STEPS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])  # right, down, left, up: x, y


def trace_outline(mask: NDArray[np.bool_]) -> Points:
    """M x 2 float64: x, y in pixels of the picture, where the first pixel's centre is at 0.5, 0.5.

    The polygon contains the centres of exactly the mask's pixels. Parts and holes are joined to the longest part by
    lines there and back, which enclose nothing. M is 0 for an empty mask.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.empty((0, 2))
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    loops = sorted(_follow_loops(*_find_edges(cut)), key=len, reverse=True)
    whole = _join_loops([_drop_straight_points(loop) for loop in loops[:MAX_LOOPS]])
    return np.add(whole, (columns[0], rows[0]))


def _find_edges(mask: NDArray[np.bool_]) -> tuple[Points, NDArray[np.intp]]:
    """E x 2 middles of the edges between a pixel of the mask and one outside, and E: the index of the following edge.

    Edges go clockwise around the mask. Where four of them meet, two pixels touch at a corner and stay together.
    """
    padded = np.pad(mask, 1).astype(np.int8)
    down, right = np.diff(padded, axis=0), np.diff(padded, axis=1)  # 1 where the mask begins, -1 where it ends
    height, width = mask.shape[0] + 1, mask.shape[1] + 1  # of the grid of the pixels' corners
    there = np.zeros((height, width, 4), bool)  # an edge that leaves this corner in that direction
    there[:, :-1, 0], there[:, 1:, 2] = (down == 1)[:, 1:-1], (down == -1)[:, 1:-1]
    there[1:, :, 3], there[:-1, :, 1] = (right == 1)[1:-1], (right == -1)[1:-1]
    edges = np.flatnonzero(there)
    y, x, direction = np.unravel_index(edges, there.shape)
    step = _STEPS[direction]
    end_x, end_y = x + step[:, 0], y + step[:, 1]
    turns = [(direction + turn) % 4 for turn in (3, 0, 1)]  # to the left if there is one, straight on, to the right
    onward = np.select([there[end_y, end_x, turn] for turn in turns], turns)
    following = np.searchsorted(edges, np.ravel_multi_index((end_y, end_x, onward), there.shape))
    return np.stack([x, y], axis=1) + step / 2, following


def _follow_loops(middles: Points, following: NDArray[np.intp]) -> list[Points]:
    onward = following.tolist()
    loops = []
    for start in range(len(onward)):
        loop = []
        edge = start
        while onward[edge] >= 0:
            loop.append(edge)
            onward[edge], edge = -1, onward[edge]
        if loop:
            loops.append(middles[loop])
    return loops


def _drop_straight_points(loop: Points) -> Points:
    """The loop without points at which it goes straight on."""
    before, after = loop - np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0) - loop
    kept: Points = loop[before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]]
    return kept


def _join_loops(loops: list[Points]) -> Points:
    whole, *others = loops
    for loop in others:
        here = _find_nearest(whole, loop[0])
        there = _find_nearest(loop, whole[here])
        whole = np.concatenate([whole[: here + 1], np.roll(loop, -there, axis=0), loop[[there]], whole[here:]])
    return whole


def _find_nearest(points: Points, point: Points) -> int:
    return int(np.abs(points - point).sum(axis=1).argmin())
