"""The best of several classes. A class whose score is NaN has none, and the others keep theirs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.results.boxes import Floats


def score_best_class(scores: Floats, axis: int) -> Floats:
    """The highest score along an axis; -inf where no class has one."""
    best: Floats = scores.max(axis=axis, initial=-np.inf)
    if np.isnan(best).any():  # else nothing is copied
        best = without_nan(scores).max(axis=axis, initial=-np.inf)
    return best


def find_best_class(scores: Floats, axis: int) -> NDArray[np.intp]:
    """The number of the class with the highest score along an axis."""
    found: NDArray[np.intp] = without_nan(scores).argmax(axis=axis)
    return found


def without_nan(scores: Floats) -> Floats:
    """-inf where a score is NaN."""
    missing = np.isnan(scores)
    return np.where(missing, -np.inf, scores) if missing.any() else scores
