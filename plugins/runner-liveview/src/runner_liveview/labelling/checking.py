"""Checking: which of the labels that are drawn brains disagree with, so that a person looks at those first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from runner_core import LabelMap
from runner_core.brain import Brain
from runner_core.datasets import LEAST_SCORE, Dataset, Doubt, DoubtFinder, Example, Truth
from runner_core.results import Inference
from runner_liveview.labelling.label_file import LabelFile
from runner_liveview.labelling.proposals import Answers
from runner_liveview.labelling.sheet import Box


class Checking:
    """``doubts`` of pictures by their names, the most suspicious first; found once brains have seen all that are done.

    ``brains`` answer with all that they are unsure of, too.
    """

    def __init__(self, labels: LabelFile, brains: Sequence[Brain] = ()) -> None:
        self._labels = labels
        self._judges = [(brain.labels.names, float(brain.conditions.get("conf", 0.0))) for brain in brains]
        self.brains = [
            brain.at_threshold(min(LEAST_SCORE, least)) for brain, (_, least) in zip(brains, self._judges, strict=True)
        ]
        self.doubts: dict[str, list[dict[str, Any]]] = {}
        self.is_over = not brains

    def list_unseen(self, answers: Mapping[str, Answers]) -> list[str]:
        """Pictures that must be looked at before anything can be found."""
        return [] if self.is_over else [name for name in self._list_done() if name not in answers]

    def find(self, answers: Mapping[str, Answers]) -> None:
        """Finds what is doubtful by the answers to all pictures that are done; of those that failed nothing."""
        names = [name for name in self._list_done() if len(answers.get(name, ())) == len(self._judges)]
        boxes = {name: self._labels.boxes_of(name) for name in names}
        labels = LabelMap.from_names(self._labels.classes)
        truths = [self._make_truth(name, boxes[name], labels, answers[name][0].size) for name in names]
        examples = tuple(_make_example(name, truth) for name, truth in zip(names, truths, strict=True))
        finder = DoubtFinder(Dataset(self._labels.path.name, "object-detection", labels, examples), self._judges)
        for place, (name, truth) in enumerate(zip(names, truths, strict=True)):
            finder.add(place, truth, answers[name])
        for doubt in finder.finish():
            self.doubts.setdefault(doubt.picture, []).append(_to_json(doubt, boxes[doubt.picture]))
        self.is_over = True

    def order(self, names: Sequence[str]) -> list[str]:
        """The names, those of the most suspicious labels first."""
        first = [name for name in self.doubts if name in names]
        return first + [name for name in names if name not in self.doubts]

    def settle(self, name: str) -> None:
        """A person has looked at the picture."""
        self.doubts.pop(name, None)

    def _list_done(self) -> list[str]:
        return [name for name, sheet in self._labels.sheets.items() if sheet.done]

    def _make_truth(self, name: str, boxes: Sequence[Box], labels: LabelMap, size: tuple[int, int]) -> Truth:
        crowds = {entry["id"] for entry in self._labels.sheets[name].annotations if entry.get("iscrowd")}
        answer = Inference(
            brain="", task="object-detection", size=size, labels=labels,
            model_ids=np.array([labels.names.index(box.label) for box in boxes], np.int64),
            boxes=np.array([box.corners for box in boxes], np.float32).reshape(-1, 4),
        )  # fmt: skip
        return Truth(answer, frozenset(row for row, box in enumerate(boxes) if box.id in crowds))


def _make_example(name: str, truth: Truth) -> Example:
    return Example(Path(name), name, lambda: truth)


def _to_json(doubt: Doubt, boxes: Sequence[Box]) -> dict[str, Any]:
    """As a page reads it: ``id`` is the box's; None of a missing one. ``box`` is as it was when it was doubted."""
    box = None if doubt.row is None else boxes[doubt.row]
    told = {"id": box.id if box else None, "box": box.corners if box else doubt.box, "message": doubt.describe()}
    return {**told, **attrs.asdict(doubt, filter=lambda field, _: field.name in ("kind", "label", "suspicion"))}
