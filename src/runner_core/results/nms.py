"""Non-maximum suppression: of boxes that overlap, the best one stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.results.boxes import Floats

Rows = NDArray[np.intp]
Table = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEW = 100  # boxes: up to here all pairs at once are quicker than box by box
WORTH_KEEPING = 0.75  # of the boxes compared: when fewer are alive, the dead are thrown out


def nms(boxes: Floats, scores: Floats, classes: NDArray[np.number] | None, iou: float) -> Rows:
    """The rows that stay, by descending score; equal scores keep their order.

    ``boxes`` N x 4 xyxy in any unit, ``scores`` N. Boxes of different ``classes`` (N; None: all are of one) do not
    compete. A box goes when its intersection over union with a better one that stays is above ``iou``.
    """
    order = np.argsort(-scores, kind="stable")
    table = _table(boxes[order], iou)
    classes = np.zeros(len(order), np.intp) if classes is None else classes[order]
    if len(order) <= FEW:
        return order[_few(table, classes)]
    by_class = np.argsort(classes, kind="stable")
    starts = np.flatnonzero(np.diff(classes[by_class])) + 1
    stays = np.zeros(len(order), bool)
    for rows in np.split(by_class, starts):
        stays[_many(table, rows)] = True
    return order[stays]


def _table(boxes: Floats, iou: float) -> Table:
    """5 x N: x1, y1, x2, y2, stretched to ``1 + iou`` of their width, and the share of each box, ``area * iou``."""
    x1, y1, x2, y2 = boxes.T.astype(np.float64)
    return np.stack([x1 * (1 + iou), y1, x2 * (1 + iou), y2, (x2 - x1) * (y2 - y1) * iou])


def _few(table: Table, classes: NDArray[np.number]) -> Flags:
    """Whether each box stays, best first, by a table of all pairs."""
    count = len(classes)
    apart = _apart(table[:, None, :], table[:, :, None], np.empty((6, count, count)))
    apart |= classes[:, None] != classes
    stays = np.ones(count, bool)
    for at in range(count):
        if stays[at]:
            stays[at + 1 :] &= apart[at, at + 1 :]
    return stays


def _many(table: Table, rows: Rows) -> list[np.intp]:
    """Those of the rows, all of one class and best first, that stay; box by box."""
    table, work = table[:, rows], np.empty((6, len(rows)))
    staying: list[np.intp] = []
    while rows.size:
        alive = np.ones(len(rows), bool)
        for at in range(len(rows)):
            if alive[at]:
                staying.append(rows[at])
                rest = alive[at + 1 :]
                rest &= _apart(table[:, at + 1 :], table[:, at, None], work[:, : len(rest)])
                if np.count_nonzero(rest) < WORTH_KEEPING * len(rest):
                    break
        left = np.flatnonzero(alive[at + 1 :]) + at + 1
        table, rows = table[:, left], rows[left]
    return staying


def _apart(boxes: Table, best: Table, work: Table) -> Flags:
    """Whether boxes of a table overlap better ones, broadcast against them, by ``iou`` at most.

    Clipping a box to the better one gives their intersection, as wide as the table stretches it. ``intersection /
    union > iou`` is asked as ``intersection * (1 + iou) > share + other share``: the same without a division, and exact
    where the two sides are equal. ``work``, six times the result's shape, holds the steps in between: new memory each
    time would cost more than the arithmetic.
    """
    np.clip(boxes[:4], best[[0, 1, 0, 1]], best[[2, 3, 2, 3]], out=work[:4])
    wide, high = np.subtract(work[2:4], work[:2], out=work[:2])
    area, shares = np.multiply(wide, high, out=work[4]), np.add(boxes[4], best[4], out=work[5])
    apart: Flags = area <= shares
    return apart
