"""Scores of every class for every cell, as planes and as probabilities."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.tasks import are_probabilities, sigmoid

Planes = NDArray[np.float32]


@attrs.frozen(eq=False, slots=False)
class Scores:
    """C x h x w scores; ``activation`` turns them into probabilities: ``softmax``, ``sigmoid`` or ``none``."""

    planes: Planes
    activation: str

    @classmethod
    def from_values(cls, values: NDArray[np.generic], activation: str | None) -> Scores:
        """From C x h x w numbers. A single plane is the foreground's; one for the background is added before it.

        Without an ``activation`` the values of this answer decide: where all lie in 0 to 1 they are probabilities,
        otherwise logits, to which softmax is applied.
        """
        planes = np.asarray(values, np.float32)
        if activation is None:
            activation = "none" if are_probabilities(planes) else "softmax"
        if len(planes) > 1:
            return cls(planes, activation)
        if activation == "none":
            return cls(np.concatenate([1 - planes, planes]), activation)
        return cls(np.concatenate([0 * planes, planes]), "softmax")  # of two classes softmax is the sigmoid

    def probability(self, model_id: int) -> Planes:
        """0 to 1 for each of the h x w cells."""
        plane: Planes = self.planes[model_id]
        if self.activation == "softmax":
            plane = np.exp(plane - self._peak) / self._total
        if self.activation == "sigmoid":
            plane = np.asarray(sigmoid(plane), np.float32)
        return plane.clip(0, 1)

    @cached_property
    def _peak(self) -> Planes:
        peak: Planes = self.planes.max(axis=0)
        return peak

    @cached_property
    def _total(self) -> Planes:
        total: Planes = np.exp(self.planes - self._peak).sum(axis=0)
        return total
