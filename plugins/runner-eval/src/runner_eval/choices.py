"""Whether the class of each picture is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Truth
from runner_core.results import Inference
from runner_eval.pixels import OTHER
from runner_eval.scores import BadPicture, ClassScores, Confusion, Floats, Scores, average, divide

MOST_BAD = 12  # pictures that are shown
_FEW = 5  # classes among which the right one may be


class ChoiceMeter:
    """A ``Meter`` for answers about the whole picture. Of several right classes, any will do."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._confusion = np.zeros((len(names) + 1, len(names) + 1), np.int64)
        self._right: list[tuple[bool, bool]] = []
        self._wrong: list[tuple[float, BadPicture]] = []

    def add(self, place: int, truth: Truth, answer: Inference) -> None:
        """``truth`` has a class at least."""
        real, found = truth.answer.model_ids.tolist(), _rank_classes(answer)
        first = found[0] if found else len(self._names)
        self._confusion[first if first in real else real[0], first] += 1
        if first not in real:
            sure = 0.0 if answer.scores is None or not len(answer) else float(answer.scores.max())
            shown = answer.take(np.arange(len(answer))[:1])
            self._wrong.append((sure, BadPicture(place, self._describe(real[0], first), truth.answer, shown)))
        self._right.append((first in real, not set(real).isdisjoint(found[:_FEW])))

    def finish(self, weights: NDArray[np.int64]) -> list[Scores]:
        right = np.array(self._right, np.int64).reshape(-1, 2)
        count = np.maximum(weights.sum(axis=1), 1)
        figures = {"accuracy": divide(int(right[:, 0].sum()), len(right))}
        draws: dict[str, Floats] = {"accuracy": weights @ right[:, 0] / count}
        if len(self._names) > _FEW:
            figures["top-5 accuracy"] = divide(int(right[:, 1].sum()), len(right))
            draws["top-5 accuracy"] = weights @ right[:, 1] / count
        classes = tuple(self._describe_class(number) for number in range(len(self._names)))
        figures["mean F1"] = average([each.figures["F1"] for each in classes])
        worst = sorted(self._wrong, key=lambda each: -each[0])[:MOST_BAD]
        confusion = Confusion((*self._names, OTHER), self._confusion)
        return [Scores("classes", figures, draws, classes, confusion, worst=tuple(bad for _, bad in worst))]

    def _describe(self, real: int, first: int) -> str:
        return f"{self._names[real]} taken for {(*self._names, OTHER)[first]}"

    def _describe_class(self, number: int) -> ClassScores:
        right, real, found = (
            int(part) for part in (
                self._confusion[number, number], self._confusion[number].sum(), self._confusion[:, number].sum()
            )
        )  # fmt: skip
        figures = {
            "precision": divide(right, found),
            "recall": divide(right, real),
            "F1": divide(2 * right, real + found),
        }
        return ClassScores(self._names[number], real, figures)


def _rank_classes(answer: Inference) -> list[int]:
    """Class numbers, the best score first; a class that the data set does not have is the number after the last."""
    order = np.arange(len(answer)) if answer.scores is None else np.argsort(-answer.scores, kind="stable")
    numbers: list[int] = answer.model_ids[order].tolist()
    return numbers
