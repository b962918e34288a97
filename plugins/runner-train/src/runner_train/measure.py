"""Measures a head on held-back pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_train.decode import Decoding, Found, decode
from runner_train.score import Marked, mark, mean_ap
from runner_train.targets import Grid
from runner_train.views import View
from runner_train.voting import answer_cells
from runner_train.worst import Look, Looking

RESAMPLES, THRESHOLDS = 200, np.arange(0.2, 0.625, 0.025)
SHOWN = Decoding(least=0.2, most=30)  # of what a person is shown while it learns


class Measured(Protocol):
    """Figures on held-back pictures; weights of more ``worth`` are kept."""

    @property
    def worth(self) -> float:
        """From 0 to 1."""

    @property
    def threshold(self) -> float:
        """The score from which an answer is told."""

    def to_json(self) -> dict[str, Any]:
        """For the card."""


class Measuring(Looking, Protocol):
    """Asks a head about held-back pictures."""

    def measure(self, head: Any, seed: int) -> Measured:
        """Their ranges are of samples that ``seed`` draws."""


@attrs.frozen
class Figures:
    """Of ``pictures`` held-back pictures; each range holds nine of ten bootstrap samples of the pictures."""

    pictures: int
    objects: int
    map50: float
    map50_range: tuple[float, float]
    map: float
    map_range: tuple[float, float]
    threshold: float

    @property
    def worth(self) -> float:
        """By which weights are chosen."""
        return self.map

    def to_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures, "objects": self.objects,
            "mAP50": round(self.map50, 3), "mAP50_range": [round(value, 3) for value in self.map50_range],
            "mAP50:95": round(self.map, 3), "mAP50:95_range": [round(value, 3) for value in self.map_range],
        }  # fmt: skip


class Examiner:
    """Asks a head about views whose features are known: ``features`` by tap, a row a view."""

    def __init__(
        self, features: Mapping[str, NDArray[np.float32]], views: Sequence[View], grid: Grid, classes: int
    ) -> None:
        self._features, self._views, self._grid, self._classes = features, views, grid, classes

    def measure(self, head: Any, seed: int) -> Figures:
        return sum_up(self.mark(head), seed)

    def mark(self, head: Any) -> list[Marked]:
        return [self._mark(self._find(head, at, Decoding()), at) for at in range(len(self._views))]

    def look(self, head: Any, at: int) -> Look:
        """Wrong by what the mAP50:95 of what is shown lacks; where there is no object, by the best score."""
        found = self._find(head, at, SHOWN)
        right = mean_ap([self._mark(found, at)])[1]
        wrong = float(found.scores.max(initial=0)) if np.isnan(right) else 1 - right
        return Look(wrong, {"model_ids": found.classes, "boxes": found.boxes, "scores": found.scores})

    def _find(self, head: Any, at: int, how: Decoding) -> Found:
        answers = head({tap: rows[at : at + 1] for tap, rows in self._features.items()}, training=False)
        scores, boxes = answer_cells(answers, self._grid)
        return decode(scores.numpy()[0], boxes.numpy()[0], how)

    def _mark(self, found: Found, at: int) -> Marked:
        view = self._views[at]
        return mark(found, view.boxes, view.classes, self._classes)


def sum_up(marked: Sequence[Marked], seed: int) -> Figures:
    chance = np.random.default_rng(seed)
    samples = [mean_ap([marked[at] for at in chance.integers(len(marked), size=len(marked))]) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(np.array(samples), (0.05, 0.95), axis=0)
    map50, whole = mean_ap(marked)
    objects = int(sum(each.objects.sum() for each in marked))
    return Figures(
        len(marked), objects, map50, (float(low[0]), float(high[0])), whole, (float(low[1]), float(high[1])),
        find_threshold(marked),
    )  # fmt: skip


def find_threshold(marked: Sequence[Marked]) -> float:
    """The score at which F1 at IoU 0.5 is best."""
    scores = np.concatenate([each.scores for each in marked])
    hits = np.concatenate([each.hits[:, 0] for each in marked])
    objects = sum(each.objects.sum() for each in marked)
    best = [
        2 * (hits[scores >= least] == 1).sum() / max(1, objects + (hits[scores >= least] >= 0).sum())
        for least in THRESHOLDS
    ]
    top = np.flatnonzero(np.array(best) >= max(best) - 1e-9)
    return round(float(THRESHOLDS[top[len(top) // 2]]), 3)
