"""From a network's numbers to probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.tasks import ACTIVATIONS, are_probabilities


def to_probabilities(values: NDArray[np.generic], activation: str | None) -> NDArray[np.float32]:
    """Scores 0 to 1 for the values of all classes; a single value is that of class 1, and gives class 0 the rest.

    ``activation`` is what is still to be applied: ``softmax``, ``sigmoid`` or ``none``. None decides by the values of
    this answer: where all lie in 0 to 1 they are probabilities already, whether they sum to one (softmax) or not
    (several labels at once, or rounding of a quantised network); otherwise they are logits, and softmax is applied.
    """
    scores: NDArray[np.float32] = np.asarray(values, np.float32)
    if activation is None:
        activation = "none" if are_probabilities(scores) else "softmax"
    if len(scores) == 1:
        positive = ACTIVATIONS["none" if activation == "none" else "sigmoid"](scores)
        return np.concatenate([1 - positive, positive]).clip(0, 1).astype(np.float32, copy=False)
    return ACTIVATIONS[activation](scores).clip(0, 1).astype(np.float32, copy=False)
