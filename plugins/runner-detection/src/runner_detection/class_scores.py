"""From N x C scores, one a class, to the best class of each row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from runner_detection.boxes import Floats


def sigmoid(values: Floats) -> Floats:
    """``1 / (1 + exp(-x))``, without overflow."""
    scores: Floats = 0.5 + 0.5 * np.tanh(0.5 * values)
    return scores


def softmax(values: Floats) -> Floats:
    """Along the last axis, without overflow."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


# What turns a model's numbers into scores of 0 to 1.
ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda values: values,
    "sigmoid": sigmoid,
    "softmax": softmax,
}


def best_class(
    scores: Floats, threshold: float, background: int | None = None
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Which rows of N x C scores reach the threshold in a class, their score there, and that class.

    ``background`` is a column that no instance has; the classes keep the numbers that the model gives them.
    """
    if background is not None:
        scores = np.delete(scores, background, axis=1)
    best = scores.max(axis=1, initial=-np.inf)
    rows = np.flatnonzero(best >= threshold)
    classes = scores[rows].argmax(axis=1) if rows.size else rows
    if background is not None:
        classes = classes + (classes >= background)
    return rows, best[rows].astype(np.float32, copy=False), classes
