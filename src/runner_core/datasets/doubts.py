"""Doubts: labels that every brain disagrees with, and labels that cannot be meant, the most suspicious first.

How much a brain's word counts is measured on the labels themselves, class by class, as most of them are right: what it
finds where nothing is labelled says much if it is seldom wrong elsewhere (Northcutt and others, Confident Learning,
2021, doi:10.1613/jair.1.12125, have the idea for classes of whole pictures).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets.annotation import Box
from runner_core.datasets.brain_view import BrainRecord, BrainView, Evidence
from runner_core.datasets.class_names import ClassNames
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Truth
from runner_core.results.boxes import box_ious
from runner_core.results.combine import boxes_of
from runner_core.results.inference import Inference

Said = tuple[tuple[BrainRecord, Evidence], ...]

LEAST_SCORE = 0.05  # from which what a brain finds is asked for: that it finds nothing says more than that it is unsure
LISTED = 0.5  # suspicion
_DOUBTED = 2  # power: of a brain that is right nine times in ten, most objections are still its own mistakes
_TWICE = 0.8  # IoU from which two labels of one class are one thing
_NARROW = 2.0  # pixels: no side of a thing that somebody meant is shorter


@attrs.frozen
class Doubt:
    """One label, or the lack of one.

    ``place``      of the picture in the data set; ``picture`` its key.
    ``row``        of its truth; None where a label is missing.
    ``kind``       ``missing``, ``spurious`` (nothing is found there), ``swapped`` (it is found to be ``found``),
                   ``misplaced`` (it is found at ``found_box``), ``twice`` or ``narrow``.
    ``label``      its class as labelled, and ``box``; of a missing one as it is found.
    ``suspicion``  0 to 1: how likely the label is wrong, as far as it can be told.
    ``score``      with which the least sure brain has found it.
    """

    place: int
    picture: str
    row: int | None
    kind: str
    label: str
    box: Box
    suspicion: float
    found: str = ""
    found_box: Box | None = None
    score: float | None = None

    def describe(self) -> str:
        """What is doubtful, in words."""
        score = "" if self.score is None else f", {self.score:.2f}"
        return {
            "missing": f"no label, and {self.label} is found{score}",
            "spurious": f"nothing is found at this {self.label}",
            "swapped": f"this {self.label} is found to be {self.found}{score}",
            "misplaced": f"this {self.label} is found beside its box{score}",
            "twice": f"this {self.label} is labelled twice",
            "narrow": f"this {self.label} is hardly a pixel wide",
        }[self.kind]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**attrs.asdict(self), "message": self.describe()}


@attrs.frozen
class _Claim:
    """What brains say against one label: one Evidence of each that knows its class."""

    place: int
    row: int | None
    number: int
    box: Box
    said: Said


class DoubtFinder:
    """Is shown the truth of each picture beside the answers to it, and at the end says what is doubtful.

    A class is judged by the brains that know it, by its name; ``unjudged`` are those that none knows.
    """

    def __init__(self, data: Dataset, brains: Sequence[tuple[Sequence[str], float]]) -> None:
        """``brains``: of each the names of its classes, and its score threshold, from which it is sure."""
        self._data, self._labels = data, data.labels.names
        self._names = ClassNames(data.labels)
        self._records = [BrainRecord(self._find_known(known), least, len(self._labels)) for known, least in brains]
        self._claims: list[_Claim] = []
        self._doubts: list[Doubt] = []

    @property
    def unjudged(self) -> list[str]:
        known = frozenset[int]().union(*(record.known for record in self._records))
        return [name for number, name in enumerate(self._labels) if number not in known]

    def add(self, place: int, truth: Truth, answers: Sequence[Inference]) -> None:
        """A picture: ``answers`` are the brains', in their order, best with all that scores LEAST_SCORE."""
        views = [
            BrainView(record, truth, self._names.translate(answer))
            for record, answer in zip(self._records, answers, strict=True)
        ]
        boxes, numbers = boxes_of(truth.answer), truth.answer.model_ids.tolist()
        odd = dict(_find_odd(boxes, numbers))
        for row in range(len(numbers)):
            if row in truth.ignored:
                continue
            if row in odd:
                kind, suspicion = odd[row]
                self._doubts.append(self._describe(place, row, kind, numbers[row], boxes[row], suspicion))
            elif said := _find_swap(views, numbers[row], row) or _find_fault(views, numbers[row], row):
                self._claims.append(_Claim(place, row, numbers[row], _to_box(boxes[row]), said))
        self._claims += (_Claim(place, None, *claim) for claim in _find_missing(views))

    def finish(self) -> tuple[Doubt, ...]:
        """Those of at least LISTED, the most suspicious first."""
        every = [*self._doubts, *map(self._weigh, self._claims)]
        return tuple(sorted((each for each in every if each.suspicion >= LISTED), key=lambda each: -each.suspicion))

    def _find_known(self, names: Sequence[str]) -> frozenset[int]:
        return frozenset(number for name in names if (number := self._names.find(name)) is not None)

    def _weigh(self, claim: _Claim) -> Doubt:
        """As if brains were wrong independently of each other; what is said is said by the one that is least sure."""
        weighed = [(record.rate(evidence) ** _DOUBTED, evidence) for record, evidence in claim.said]
        suspicion = 1 - math.prod(1 - each for each, _ in weighed)
        evidence = min(weighed, key=lambda each: (each[0], each[1].score))[1]
        doubt = self._describe(claim.place, claim.row, evidence.kind, claim.number, np.array(claim.box), suspicion)
        if evidence.kind == "spurious":
            return doubt
        found = self._labels[evidence.number]
        return attrs.evolve(doubt, found=found, found_box=evidence.box, score=round(evidence.score, 3))

    def _describe(
        self, place: int, row: int | None, kind: str, number: int, box: NDArray[np.float64], suspicion: float
    ) -> Doubt:
        key = self._data[place].key
        return Doubt(place, key, row, kind, self._labels[number], _to_box(box), round(suspicion, 3))


def _find_odd(boxes: NDArray[np.float64], numbers: Sequence[int]) -> Iterator[tuple[int, tuple[str, float]]]:
    """Rows that need no brain: too narrow, or nearly the same as one before."""
    ious = np.triu(box_ious(boxes, boxes), 1)
    ious[np.not_equal.outer(numbers, numbers)] = 0
    for row, box in enumerate(boxes):
        if (box[2:] - box[:2]).min() < _NARROW:
            yield row, ("narrow", 1.0)
        elif row and ious[:, row].max() >= _TWICE:
            yield row, ("twice", float(ious[:, row].max()))


def _find_swap(views: Sequence[BrainView], number: int, row: int) -> Said:
    """A class that all brains that know it find at a label of another one, which none is as sure of; else empty."""
    rival = max((view.score_label(row) for view in views), default=0.0)
    for other in sorted(frozenset[int]().union(*(view.record.known for view in views)) - {number}):
        knowing = [view for view in views if other in view.record.known]
        found = [evidence for view in knowing if (evidence := view.find_other(row, other)) and evidence.score > rival]
        if len(found) == len(knowing):
            said = (attrs.evolve(evidence, rival=rival) for evidence in found)
            return tuple(zip((view.record for view in knowing), said, strict=True))
    return ()


def _find_fault(views: Sequence[BrainView], number: int, row: int) -> Said:
    """What the brains that know a label's class say against it; empty where one of them has nothing against it."""
    said = [(view.record, view.judge(row)) for view in views if number in view.record.known]
    against = tuple((record, evidence) for record, evidence in said if evidence)
    return against if len(against) == len(said) else ()


def _find_missing(views: Sequence[BrainView]) -> Iterator[tuple[int, Box, Said]]:
    """Things that all brains that know their class find where nothing is labelled."""
    for first, view in enumerate(views):
        for thing in view.find_unlabelled():
            others = [each for each in views if thing.number in each.record.known]
            if others[0] is not views[first]:  # it was asked about this class before
                continue
            agreed = [each.find_same(thing) for each in others]
            if all(agreed):
                pairs = zip(others, agreed, strict=True)
                yield thing.number, thing.box, tuple((each.record, found) for each, found in pairs if found)


def _to_box(values: NDArray[np.float64]) -> Box:
    x1, y1, x2, y2 = np.round(values, 2).tolist()
    return x1, y1, x2, y2
