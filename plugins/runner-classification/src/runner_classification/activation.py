"""From what a network emits to probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SLACK = 1e-3  # by which a probability may miss 0 or 1, as rounding makes it


def probabilities(values: NDArray[np.generic], activation: str | None) -> NDArray[np.float32]:
    """Scores 0 to 1 for the values of all classes.

    ``activation`` is what is still to be applied: ``softmax``, ``sigmoid`` or ``none``. None looks at the values, this
    answer's alone: where all lie in 0 to 1 they are probabilities already, whether they sum to one (softmax) or not
    (several labels at once, or rounding of a quantised network); otherwise they are logits, and softmax is applied.
    """
    scores: NDArray[np.float32] = np.asarray(values, np.float32)
    if activation is None:
        activation = "none" if _in_unit(scores) else "softmax"
    if activation == "softmax":
        with np.errstate(invalid="ignore"):  # an infinite logit makes NaN, which no threshold lets through
            powers = np.exp(scores - scores.max())
        scores = powers / powers.sum()
    elif activation == "sigmoid":
        scores = np.float32(0.5) * (np.tanh(scores / 2) + 1)  # the same as 1 / (1 + exp(-scores)), which overflows
    return scores.clip(0, 1)


def _in_unit(scores: NDArray[np.float32]) -> bool:
    return bool(scores.min() >= -SLACK and scores.max() <= 1 + SLACK)
