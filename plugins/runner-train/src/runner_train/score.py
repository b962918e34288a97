"""mAP: how well what was found agrees with what people say, as COCO measures it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_train.decode import Found, find_overlaps
from runner_train.pictures import IGNORED

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


@attrs.frozen(eq=False)
class Marked:
    """What was found in a picture, each row marked at each of OVERLAPS; how many objects there were, by class.

    ``hits`` N x 10: 1 found, 0 wrong, -1 neither (it lies on what is ignored).
    """

    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    hits: NDArray[np.int8]
    objects: NDArray[np.int64]


def mark(found: Found, boxes: NDArray[np.float32], classes: NDArray[np.int64], count: int) -> Marked:
    """Each row takes the object of its class that it overlaps most, of those that no better row took."""
    overlaps = find_overlaps(found.boxes.astype(np.float64), boxes.astype(np.float64))
    hits = np.zeros((len(found.scores), len(OVERLAPS)), np.int8)
    ignored = classes == IGNORED
    for level, least in enumerate(OVERLAPS):
        free = np.ones(len(boxes), bool)
        for row, kind in enumerate(found.classes):
            fit = np.where((classes == kind) & free, overlaps[row], 0)
            best = int(fit.argmax()) if len(fit) else 0
            if len(fit) and fit[best] >= least:
                free[best] = False
                hits[row, level] = 1
            elif ignored.any() and overlaps[row][ignored].max() >= least:
                hits[row, level] = -1
    objects = np.bincount(classes[classes >= 0], minlength=count)
    return Marked(found.scores, found.classes, hits, objects)


def average_precision(marked: Sequence[Marked]) -> NDArray[np.float64]:
    """Classes x 10: by class and overlap; NaN for a class without objects. Precision at 101 recalls, as COCO has it."""
    objects = np.sum([each.objects for each in marked], axis=0)
    scores, classes = (np.concatenate([getattr(each, name) for each in marked]) for name in ("scores", "classes"))
    hits = np.concatenate([each.hits for each in marked])
    order = np.argsort(-scores, kind="stable")
    classes, hits = classes[order], hits[order]
    table = np.full((len(objects), len(OVERLAPS)), np.nan)
    for kind in np.flatnonzero(objects):
        mine = hits[classes == kind]
        for level in range(len(OVERLAPS)):
            table[kind, level] = _area(mine[mine[:, level] >= 0, level], int(objects[kind]))
    return table


def _area(hits: NDArray[np.int8], objects: int) -> float:
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(found / objects, RECALLS, side="left")
    return float(np.append(precision, 0)[np.minimum(places, len(precision))].mean())


def mean_ap(marked: Sequence[Marked]) -> tuple[float, float]:
    """(mAP50, mAP50:95); NaN where there are no objects."""
    table = average_precision(marked)
    there = table[~np.isnan(table).any(axis=1)]
    return (float(there[:, 0].mean()), float(there.mean())) if len(there) else (float("nan"), float("nan"))
