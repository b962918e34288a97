"""What is measured of one brain: figures with their uncertainty, classes, confusion, thresholds, the worst pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Truth
from runner_core.results import Inference

Floats = NDArray[np.float64]
Interval = tuple[float, float]

NOTHING = "(nothing)"  # the row of what is found where nothing is, and the column of what is missed
_COVERAGE = (2.5, 97.5)  # percentiles: 95 of 100 such samples give a figure in between


@attrs.frozen(eq=False)
class Confusion:
    """How often a thing of the class of a row is taken for the class of a column.

    ``names``   of rows and columns; the last, ``NOTHING``, is what was found too much, and what was missed.
    ``counts``  len(names) x len(names).
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]


@attrs.frozen(eq=False)
class Choice:
    """A score threshold and what it gives: of one class, or of all."""

    threshold: float
    precision: float
    recall: float
    f1: float


@attrs.frozen(eq=False)
class Counts:
    """What was found right, what was found too much, and what was missed, at the brain's own threshold."""

    right: int
    extra: int
    missed: int

    @property
    def precision(self) -> float | None:
        return divide(self.right, self.right + self.extra)

    @property
    def recall(self) -> float | None:
        return divide(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        return divide(2 * self.right, 2 * self.right + self.extra + self.missed)

    def to_json(self) -> dict[str, Any]:
        return {**attrs.asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


@attrs.frozen(eq=False)
class ClassScores:
    """One class: ``count`` of its things, or of its pixels, in the data set; None for what its kind does not have.

    ``curve``  101 precisions at IoU 0.5, at a recall of 0, 0.01, ... 1.
    """

    name: str
    count: int
    figures: Mapping[str, float | None]
    counts: Counts | None = None
    best: Choice | None = None
    curve: Floats | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"name": self.name, "count": self.count, **self.figures}
        if self.counts:
            data["at_threshold"] = self.counts.to_json()
        if self.best:
            data["best_f1"] = attrs.asdict(self.best)
        return data


@attrs.frozen(eq=False)
class BadPicture:
    """A picture that a brain got wrong, by its place in the data set; ``errors`` says how."""

    place: int
    errors: str
    truth: Inference
    answer: Inference


@attrs.frozen(eq=False)
class Scores:
    """What is measured of one brain, of its ``boxes``, ``masks``, ``keypoints``, ``pixels`` or ``classes``: the part.

    ``draws``   for the figures that have an interval: their values in each resample of the pictures; NaN: undefined.
    ``counts``  of all classes together, at ``threshold``; ``best`` the threshold with the best F1 of all classes.
    """

    part: str
    figures: Mapping[str, float | None]
    draws: Mapping[str, Floats]
    classes: tuple[ClassScores, ...]
    confusion: Confusion | None = None
    threshold: float | None = None
    counts: Counts | None = None
    best: Choice | None = None
    worst: tuple[BadPicture, ...] = ()

    @property
    def intervals(self) -> dict[str, Interval | None]:
        """95 % intervals: how far the figures may lie apart on other pictures of the same kind."""
        return {name: find_interval(draws) for name, draws in self.draws.items()}

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "figures": dict(self.figures),
            "intervals": self.intervals,
            "classes": [each.to_json() for each in self.classes],
        }
        if self.counts:
            data["at_threshold"] = {"threshold": self.threshold, **self.counts.to_json()}
        if self.best:
            data["best_f1"] = attrs.asdict(self.best)
        if self.confusion:
            data["confusion"] = {"names": list(self.confusion.names), "counts": self.confusion.counts.tolist()}
        return data


class Meter(Protocol):
    """Takes the answers of one brain, picture by picture, and says how good they are."""

    def add(self, place: int, truth: Truth, answer: Inference) -> None:
        """``answer`` has the classes of the data set, whose ``place`` in it is the picture's."""

    def finish(self, weights: NDArray[np.int64]) -> Sequence[Scores]:
        """What was measured, each part of it; ``weights``: resamples x pictures, how often each is in each."""


def find_interval(draws: Floats) -> Interval | None:
    """Where 95 % of the draws lie; None where no draw is defined."""
    known = draws[np.isfinite(draws)]
    low, high = np.percentile(known, _COVERAGE).tolist() if len(known) else (np.nan, np.nan)
    return (low, high) if len(known) else None


def divide(part: float, whole: float) -> float | None:
    """None where there is nothing to divide by."""
    return part / whole if whole else None


def average(values: Sequence[float | None]) -> float | None:
    """Of those that are defined; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
