"""BrainView: one picture's labels as one brain sees them; BrainRecord: how often that brain is right otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets.annotation import Box
from runner_core.datasets.example import Truth
from runner_core.results.boxes import box_areas, box_intersections, box_ious
from runner_core.results.combine import boxes_of
from runner_core.results.inference import Inference

SAME = 0.5  # IoU from which a thing that is found is the one that is labelled
FITS = 0.6  # IoU from which nobody would draw a box again
TOUCHES = 0.2  # IoU from which two boxes may be meant for one thing
_LIKE = 40  # labels or things that are most like one: by them it is judged
_LEAST_SPREAD = 0.02  # of the IoU: nobody draws more exactly
_FAR = 6.0  # median deviations from the usual fit, beyond which no right box is


@attrs.frozen
class Evidence:
    """Against one label: what a brain has found instead, of which class, how surely, where.

    ``rival``  of one that is swapped: the score with which the class that is labelled is found there.
    """

    kind: str
    number: int
    box: Box
    score: float = 0.0
    iou: float = 0.0
    rival: float = 0.0


class BrainRecord:
    """What one brain finds of all labels, class by class. ``known``: the classes that it can find."""

    def __init__(self, known: frozenset[int], threshold: float, classes: int) -> None:
        self.known, self.threshold = known, threshold
        self._fits = [list[tuple[float, float]]() for _ in range(classes)]  # of labels: size, IoU of what is found
        self._right = [list[tuple[float, bool]]() for _ in range(classes)]  # of things: score, whether it is labelled

    def note_label(self, number: int, size: float, iou: float) -> None:
        """A label, and how well the best thing of its class fits it."""
        self._fits[number].append((size, iou))

    def note_thing(self, number: int, score: float, *, right: bool) -> None:
        """Something that is found, and whether it is labelled."""
        self._right[number].append((score, right))

    def rate(self, evidence: Evidence) -> float:
        """0 to 1: how likely it is right, and the label wrong."""
        if evidence.kind == "spurious":
            return self._rate_finding(evidence)
        sure = self._rate_being_right(evidence)
        if evidence.kind == "swapped":
            return sure * max(0.0, 1 - evidence.rival / evidence.score)
        return sure * self._rate_misfit(evidence) if evidence.kind == "misplaced" else sure

    def _rate_finding(self, evidence: Evidence) -> float:
        """The share of labels of that class and about that size that are found."""
        sizes, fits = _columns(self._fits[evidence.number])
        like = np.argsort(np.abs(sizes - measure_size(np.array(evidence.box))), kind="stable")[:_LIKE]
        return float((fits[like] >= SAME).sum() / (len(like) + 1))

    def _rate_being_right(self, evidence: Evidence) -> float:
        """The share of things of that class and about that score that are labelled."""
        scores, right = _columns(self._right[evidence.number])
        like = np.argsort(np.abs(scores - evidence.score), kind="stable")[:_LIKE]
        return float(right[like].sum() / (len(like) + 1))

    def _rate_misfit(self, evidence: Evidence) -> float:
        """How far a fit is from the usual ones, in their own spread."""
        fits = _columns(self._fits[evidence.number])[1]
        fits = fits[fits >= SAME]
        if not len(fits):
            return 0.0
        usual = float(np.median(fits))
        spread = max(_LEAST_SPREAD, float(np.median(np.abs(fits - usual))))
        return float(np.clip((usual - evidence.iou) / (_FAR * spread), 0, 1))


def _columns(rows: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(rows, np.float64).reshape(-1, 2).T


def measure_size(box: NDArray[np.float64]) -> float:
    """The logarithm of its area."""
    return float(np.log(max(1.0, (box[2] - box[0]) * (box[3] - box[1]))))


class BrainView:
    """A picture: ``answer`` has the classes of ``truth``. Adds what is right in it to the ``record``."""

    def __init__(self, record: BrainRecord, truth: Truth, answer: Inference) -> None:
        self.record = record
        self._boxes, self._numbers = boxes_of(answer), np.asarray(answer.model_ids)
        self._scores = np.ones(len(answer)) if answer.scores is None else answer.scores.astype(np.float64)
        self._labelled, self._truth = boxes_of(truth.answer), np.asarray(truth.answer.model_ids)
        self._ignored = np.isin(np.arange(len(truth.answer)), list(truth.ignored))
        self._ious = box_ious(self._boxes, self._labelled)
        self._alike = self._numbers[:, None] == self._truth
        self._sure = self._scores >= record.threshold
        self._note()

    @cached_property
    def _explained(self) -> NDArray[np.bool_]:
        """Of each thing: whether it is labelled, as what it is."""
        explained: NDArray[np.bool_] = ((self._ious >= SAME) & self._alike).any(axis=1)
        return explained

    @cached_property
    def _in_ignored(self) -> NDArray[np.bool_]:
        """Of each thing: whether most of it lies in what is to be ignored."""
        common = box_intersections(self._boxes, self._labelled[self._ignored])
        within: NDArray[np.bool_] = np.any(common > SAME * np.maximum(box_areas(self._boxes), 1e-9)[:, None], axis=1)
        return within

    def _note(self) -> None:
        fits = np.where(self._alike & self._sure[:, None], self._ious, 0).max(axis=0, initial=0)
        for row in np.flatnonzero(~self._ignored):
            self.record.note_label(int(self._truth[row]), measure_size(self._labelled[row]), float(fits[row]))
        for thing in np.flatnonzero(~self._in_ignored):
            self.record.note_thing(
                int(self._numbers[thing]), float(self._scores[thing]), right=bool(self._explained[thing])
            )

    def find_other(self, row: int, number: int) -> Evidence | None:
        """What it is sure of at a label's place, of another class, and not labelled; None if there is nothing."""
        there = (self._numbers == number) & (self._ious[:, row] >= SAME) & self._sure & ~self._explained
        return self._tell("swapped", _best(self._scores, there), row) if there.any() else None

    def score_label(self, row: int) -> float:
        """With which it finds what is labelled; 0 if it does not."""
        return float(self._scores[self._alike[:, row] & (self._ious[:, row] >= SAME)].max(initial=0))

    def judge(self, row: int) -> Evidence | None:
        """What speaks against a label of a class that it knows; None: nothing, or nothing clear."""
        ious, alike = self._ious[:, row], self._alike[:, row]
        mine = alike & (ious >= TOUCHES) & (self._ious.argmax(axis=1) == row)
        if (mine & (ious >= FITS)).any():
            return None
        if (mine & self._sure).any():
            return self._tell("misplaced", _best(self._scores, mine & self._sure), row)
        nothing = not (ious >= TOUCHES).any()
        return Evidence("spurious", int(self._truth[row]), _corners(self._labelled[row])) if nothing else None

    def find_unlabelled(self) -> Iterator[Evidence]:
        """Things that it is sure of where nothing is labelled, the surest first."""
        touching = (self._ious >= TOUCHES) & (self._alike | (self._ious >= SAME))
        free = self._sure & ~self._in_ignored & ~touching.any(axis=1)
        for thing in sorted(np.flatnonzero(free).tolist(), key=lambda thing: -self._scores[thing]):
            yield self._tell("missing", thing)

    def find_same(self, thing: Evidence) -> Evidence | None:
        """The same thing as this brain finds it where nothing is labelled; None if it does not."""
        for mine in self.find_unlabelled():
            if mine.number == thing.number and box_ious(np.array([mine.box]), np.array([thing.box]))[0, 0] >= SAME:
                return mine
        return None

    def _tell(self, kind: str, thing: int, row: int | None = None) -> Evidence:
        iou = 0.0 if row is None else float(self._ious[thing, row])
        number, score = int(self._numbers[thing]), float(self._scores[thing])
        return Evidence(kind, number, _corners(self._boxes[thing]), score, iou)


def _best(scores: NDArray[np.float64], among: NDArray[np.bool_]) -> int:
    return int(np.where(among, scores, -1).argmax())


def _corners(values: NDArray[np.float64]) -> Box:
    x1, y1, x2, y2 = np.round(values, 2).tolist()
    return x1, y1, x2, y2
