"""Class scores: from N x C scores to the class, or the classes, of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.results import Floats
from runner_core.tasks import find_best_class, score_best_class


def pick_best_class(
    scores: Floats, threshold: float, background: int | None = None
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """M row numbers, of N x C scores those whose best class reaches the threshold; their M scores and M classes.

    ``background`` is a column that no instance has; the classes keep the model's numbers.
    """
    if background is not None:
        scores = np.delete(scores, background, axis=1)
    best = score_best_class(scores, 1)
    rows = np.flatnonzero(best >= threshold)
    classes = find_best_class(scores[rows], 1) if rows.size else rows
    if background is not None:
        classes = classes + (classes >= background)
    return rows, best[rows].astype(np.float32, copy=False), classes


def pick_every_class(
    scores: Floats, threshold: float, background: int | None = None
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """The same for each class that reaches the threshold: a row of two classes comes twice."""
    reached = scores >= threshold
    if background is not None:
        reached[:, background] = False
    rows, classes = np.nonzero(reached)
    return rows, scores[rows, classes].astype(np.float32, copy=False), classes
