"""How much of each class's pixels is found: IoU, Dice and accuracy, over all pixels of all pictures."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Truth
from runner_core.results import Inference
from runner_eval.scores import BadPicture, ClassScores, Confusion, Floats, Scores, average, divide

OTHER = "(other)"  # the column of pixels that have none of the classes
MOST_BAD = 12  # pictures that are shown
_GOOD = 0.999  # pixels right: such a picture is not among the worst

Pixels = NDArray[np.int64]


class PixelMeter:
    """A ``Meter`` for class maps. Pixels without a label in the truth (-1) count neither way."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._confusion = np.zeros((len(names), len(names) + 1), np.int64)
        self._places: list[int] = []
        self._pixels: list[Pixels] = []
        self._worst: list[tuple[float, BadPicture]] = []

    def add(self, place: int, truth: Truth, answer: Inference) -> None:
        confusion = _count_pixels(truth.answer, answer, len(self._names))
        self._confusion += confusion
        self._places.append(place)
        self._pixels.append(_sum_up(confusion))
        right = divide(int(np.trace(confusion)), int(confusion.sum()))
        if right is not None and right < _GOOD:
            bad = BadPicture(place, f"{right:.0%} of the pixels right", _shrink(truth.answer), _shrink(answer))
            self._worst = sorted([*self._worst, (right, bad)], key=lambda each: each[0])[:MOST_BAD]

    def finish(self, weights: NDArray[np.int64]) -> list[Scores]:
        pixels = np.stack(self._pixels) if self._pixels else np.zeros((0, len(self._names), 3), np.int64)
        drawn = np.tensordot(weights, pixels, axes=1)  # B x classes x 3
        return [
            Scores(
                part="pixels",
                figures=_compute_figures(pixels.sum(axis=0)),
                draws={"mIoU": _average_ious(drawn), "pixel accuracy": _compute_accuracy(drawn)},
                classes=tuple(self._describe_class(number, row) for number, row in enumerate(pixels.sum(axis=0))),
                confusion=Confusion((*self._names, OTHER), np.pad(self._confusion, ((0, 1), (0, 0)))),
                worst=tuple(bad for _, bad in self._worst),
            )
        ]

    def _describe_class(self, number: int, sums: Pixels) -> ClassScores:
        return ClassScores(self._names[number], int(sums[1]), _describe_overlap(*sums.tolist()))


def _count_pixels(truth: Inference, answer: Inference, classes: int) -> Pixels:
    """Classes x (classes + 1) pixels; the last column is what has none of the classes."""
    assert truth.class_map is not None
    assert answer.class_map is not None
    real, found = truth.class_map.ravel().astype(np.int64), answer.class_map.ravel().astype(np.int64)
    labelled = real >= 0
    found = np.where(found < 0, classes, found)
    counts = np.bincount((real * (classes + 1) + found)[labelled], minlength=classes * (classes + 1))
    return counts.reshape(classes, classes + 1)


def _sum_up(confusion: Pixels) -> Pixels:
    """Classes x 3: pixels in both, in the truth, in the answer."""
    return np.stack([np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)[:-1]], axis=1)


def _describe_overlap(both: int, real: int, found: int) -> dict[str, float | None]:
    return {
        "IoU": divide(both, real + found - both),
        "Dice": divide(2 * both, real + found),
        "accuracy": divide(both, real),
    }


def _compute_figures(sums: Pixels) -> dict[str, float | None]:
    each = [_describe_overlap(*row) for row in sums.tolist()]
    return {
        "mIoU": average([row["IoU"] for row in each]),
        "mean Dice": average([row["Dice"] for row in each]),
        "pixel accuracy": divide(int(sums[:, 0].sum()), int(sums[:, 1].sum())),
        "mean accuracy": average([row["accuracy"] for row in each]),
    }


def _average_ious(drawn: Pixels) -> Floats:
    """B values, each of the classes that are there."""
    both, union = drawn[..., 0], drawn[..., 1] + drawn[..., 2] - drawn[..., 0]
    ious = np.divide(both, union, out=np.zeros(both.shape), where=union > 0)
    count = (union > 0).sum(axis=1)
    mean: Floats = np.divide(ious.sum(axis=1), count, out=np.full(len(count), np.nan), where=count > 0)
    return mean


def _compute_accuracy(drawn: Pixels) -> Floats:
    both, real = drawn[..., 0].sum(axis=1), drawn[..., 1].sum(axis=1)
    shares: Floats = np.divide(both, real, out=np.full(len(real), np.nan), where=real > 0)
    return shares


def _shrink(answer: Inference) -> Inference:
    """With its class map in as few bytes as it needs, as a few are kept until the end."""
    assert answer.class_map is not None
    return attrs.evolve(answer, class_map=answer.class_map.astype(np.int16), masks=None, boxes=None).take(np.arange(0))
