"""From scores and boxes of cells to what is found: NMS, class by class."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@attrs.frozen(eq=False)
class Found:
    """Boxes N x 4 xyxy as shares of the picture, scores N, classes N; the best first."""

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]


@attrs.frozen
class Decoding:
    """``least`` score, ``most`` boxes; ``iou`` above which the lower of two goes."""

    least: float = 0.02
    most: int = 100
    iou: float = 0.5


def decode(scores: Floats, boxes: Floats, how: Decoding) -> Found:
    """``scores`` cells x classes, ``boxes`` cells x 4."""
    cells, kinds = np.nonzero(scores >= how.least)
    values = scores[cells, kinds]
    order = np.argsort(-values, kind="stable")[:1000]
    cells, kinds, values = cells[order], kinds[order], values[order]
    corners = boxes[cells].astype(np.float64)
    overlaps = find_overlaps(corners, corners)
    overlaps[kinds[:, None] != kinds] = 0
    kept: list[int] = []
    alive = np.ones(len(values), bool)
    for at in range(len(values)):
        if alive[at]:
            kept.append(at)
            alive[overlaps[at] > how.iou] = False
            if len(kept) == how.most:
                break
    rows = np.array(kept, np.int64)
    return Found(corners[rows].astype(np.float32), values[rows].astype(np.float32), kinds[rows])


def find_overlaps(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """N x M: intersection over union."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inner = np.prod(np.maximum(high - low, 0), axis=2)
    area_a, area_b = np.prod(a[:, 2:] - a[:, :2], axis=1), np.prod(b[:, 2:] - b[:, :2], axis=1)
    union = area_a[:, None] + area_b - inner
    overlaps: NDArray[np.float64] = inner / np.maximum(union, 1e-12)
    return overlaps
