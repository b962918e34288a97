"""NMS, non-maximum suppression: of boxes that overlap, the best one stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.results.boxes import Floats

Rows = NDArray[np.intp]
Table = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_AT_ONCE = 100  # boxes: up to so many, all pairs at once are quicker than box by box
LEAST_ALIVE = 0.75  # share of the boxes compared: when fewer are left, the suppressed ones are taken out of the table


def nms(boxes: Floats, scores: Floats, classes: NDArray[np.number] | None, iou: float) -> Rows:
    """The rows that stay, by descending score; equal scores keep their order.

    ``boxes`` N x 4 xyxy in any unit, ``scores`` N. Boxes of different ``classes`` (N; None: all are of one) do not
    compete. A box goes when its intersection over union with a better one that stays is above ``iou``.
    """
    if len(scores) < 2:
        return np.arange(len(scores))
    order = np.argsort(-scores, kind="stable")
    table = _make_table(boxes[order], iou)
    classes = np.zeros(len(order), np.intp) if classes is None else classes[order]
    if len(order) <= MOST_AT_ONCE:
        return order[_keep_by_pairs(table, classes)]
    by_class = np.argsort(classes, kind="stable")
    starts = np.flatnonzero(np.diff(classes[by_class])) + 1
    stays = np.zeros(len(order), bool)
    for rows in np.split(by_class, starts):
        stays[_keep_one_by_one(table, rows)] = True
    return order[stays]


def _make_table(boxes: Floats, iou: float) -> Table:
    """5 x N: x1, y1, x2, y2, stretched to ``1 + iou`` of their width, and the share of each box, ``area * iou``."""
    x1, y1, x2, y2 = boxes.T.astype(np.float64)
    return np.stack([x1 * (1 + iou), y1, x2 * (1 + iou), y2, (x2 - x1) * (y2 - y1) * iou])


def _keep_by_pairs(table: Table, classes: NDArray[np.number]) -> Flags:
    """Whether each box, best first, stays: all pairs are compared at once."""
    count = len(classes)
    apart = _are_apart(table[:, None, :], table[:, :, None], np.empty((6, count, count)))
    apart |= classes[:, None] != classes
    stays = np.ones(count, bool)
    for at in range(count):
        if stays[at]:
            stays[at + 1 :] &= apart[at, at + 1 :]
    return stays


def _keep_one_by_one(table: Table, rows: Rows) -> list[np.intp]:
    """Those of the rows, all of one class and best first, that stay: compared box by box."""
    table, work = table[:, rows], np.empty((6, len(rows)))
    staying: list[np.intp] = []
    while rows.size:
        alive = np.ones(len(rows), bool)
        for at in range(len(rows)):
            if alive[at]:
                staying.append(rows[at])
                rest = alive[at + 1 :]
                rest &= _are_apart(table[:, at + 1 :], table[:, at, None], work[:, : len(rest)])
                if np.count_nonzero(rest) < LEAST_ALIVE * len(rest):
                    break
        left = np.flatnonzero(alive[at + 1 :]) + at + 1
        table, rows = table[:, left], rows[left]
    return staying


def _are_apart(boxes: Table, best: Table, work: Table) -> Flags:
    """Whether boxes of a table overlap better ones, broadcast against them, by no more than ``iou``.

    Clipping a box to the better one gives their intersection, as wide as the table stretches it. ``intersection /
    union > iou`` is computed as ``intersection * (1 + iou) > share + other share``: the same without a division, and
    exact where the two sides are equal. ``work``, six times the result's shape, holds intermediate values: allocating
    memory each time would cost more than the arithmetic.
    """
    np.clip(boxes[:4], best[[0, 1, 0, 1]], best[[2, 3, 2, 3]], out=work[:4])
    wide, high = np.subtract(work[2:4], work[:2], out=work[:2])
    area, shares = np.multiply(wide, high, out=work[4]), np.add(boxes[4], best[4], out=work[5])
    apart: Flags = area <= shares
    return apart
