"""Classes of an answer as those of the data set: by their names, or as a person says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import Label, LabelMap, is_background
from runner_core.errors import UsageError
from runner_core.results.inference import Inference
from runner_core.util.spelling import ask_if_meant

_OTHER = "(other)"


class ClassNames:
    """Finds the class of the data set for each class of one brain.

    A name is taken for another that differs from it in case, spaces, ``_`` or ``-`` alone, and all names of the
    background for one. ``unknown`` counts what was found of classes that the data set does not have.
    """

    def __init__(self, labels: LabelMap, renamed: Mapping[str, str] | None = None) -> None:
        """``renamed``: a brain's name -> the data set's. Raises UsageError for one that the data set does not have."""
        self.labels = labels
        free = max((label.file_id for label in labels.labels), default=0) + 1
        self._with_other = LabelMap((*labels.labels, Label(len(labels), free, _OTHER)))
        self.unknown: Counter[str] = Counter()
        self._numbers = {name: number for number, name in reversed(list(enumerate(labels.names)))}
        self._alike = {_simplify(name): number for name, number in reversed(self._numbers.items())}
        self._renamed = dict(renamed or {})
        for name in self._renamed.values():
            if name not in self._numbers:
                remedy = f"{ask_if_meant(name, labels.names)}it has: {', '.join(labels.names)}"
                raise UsageError(f"the data set has no class {name!r}", remedy=remedy)

    def find(self, name: str) -> int | None:
        """The number of the data set's class; None where it has none."""
        exact = self._numbers.get(self._renamed.get(name, name))
        return self._alike.get(_simplify(name)) if exact is None else exact

    def list_missing(self, known: Iterable[str]) -> list[str]:
        """The data set's classes that a brain with these names does not have."""
        found = {self.find(name) for name in known}
        return [name for number, name in enumerate(self.labels.names) if number not in found]

    def translate(self, answer: Inference, *, whole: bool = False) -> Inference:
        """The answer in the data set's classes. Rows of others are left out; with ``whole`` they get the next number.

        Their pixels become -1.
        """
        table = {label.model_id: self.find(label.name) for label in answer.found}
        other = len(self.labels)
        ids = np.array([other if table[n] is None else table[n] for n in answer.model_ids.tolist()], np.int64)
        self.unknown.update(name for name, number in zip(answer.names, ids.tolist(), strict=True) if number == other)
        mapped = attrs.evolve(
            answer,
            model_ids=ids,
            labels=self._with_other,
            class_map=_translate_map(answer.class_map, table),
            verdict=None,
        )
        return mapped if whole else mapped.take(ids < other)


def _translate_map(
    class_map: NDArray[np.integer] | None, table: Mapping[int, int | None]
) -> NDArray[np.integer] | None:
    if class_map is None:
        return None
    mapped = np.full(class_map.shape, -1, np.int64)
    for number, wanted in table.items():
        if wanted is not None:
            mapped[class_map == number] = wanted
    return mapped


def _simplify(name: str) -> str:
    return (
        "background" if is_background(name) else " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    )
