"""From what a network emits to scores of 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runner_core.results.boxes import Floats

SLACK = 1e-3  # by which a probability may miss 0 or 1, as rounding makes it


def sigmoid(values: Floats) -> Floats:
    """``1 / (1 + exp(-x))``, without overflow."""
    scores: Floats = 0.5 + 0.5 * np.tanh(0.5 * values)
    return scores


def softmax(values: Floats) -> Floats:
    """Along the last axis, without overflow. An infinite value makes NaN, which no threshold lets through."""
    with np.errstate(invalid="ignore"):
        powers = np.exp(values - values.max(axis=-1, keepdims=True))
        shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


# What turns a model's numbers into scores, by the name that a card's options call it.
ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda values: values,
    "sigmoid": sigmoid,
    "softmax": softmax,
}


def are_probabilities(values: Floats) -> bool:
    """Whether all values lie in 0 to 1, but for rounding; NaN does not."""
    return bool(values.min() >= -SLACK and values.max() <= 1 + SLACK)
