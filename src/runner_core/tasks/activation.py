"""Activation: from a network's numbers to scores of 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runner_core.results.boxes import Floats
from runner_core.tasks.best_class import without_nan

SLACK = 1e-3  # by which rounding may put a probability outside 0 to 1


def sigmoid(values: Floats) -> Floats:
    """``1 / (1 + exp(-x))``, without overflow."""
    scores: Floats = 0.5 + 0.5 * np.tanh(0.5 * values)
    return scores


def softmax(values: Floats) -> Floats:
    """``exp(x) / sum(exp(x))`` along the last axis, without overflow.

    An infinite value gives NaN, no score, to all; a NaN is none itself, and the others keep theirs.
    """
    values = without_nan(values)
    with np.errstate(invalid="ignore"):
        powers = np.exp(values - values.max(axis=-1, keepdims=True))
        shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


# By its name in a card's options, what turns a model's numbers into scores.
ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda values: values,
    "sigmoid": sigmoid,
    "softmax": softmax,
}


def are_probabilities(values: Floats) -> bool:
    """Whether all values lie in 0 to 1, apart from rounding; NaN does not."""
    return bool(values.min() >= -SLACK and values.max() <= 1 + SLACK)
