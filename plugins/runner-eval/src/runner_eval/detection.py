"""What was found and what is there: boxes, masks and keypoints, by COCO's figures and counted at a threshold."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from faster_coco_eval import mask as coco_mask
from numpy.typing import NDArray

from runner_core.datasets import Truth
from runner_core.results import Inference
from runner_eval.coco_figures import CocoResult, count_keypoints, evaluate_coco, to_coco_boxes
from runner_eval.matching import THRESHOLDS, Ranking, find_best_threshold, join_rankings, match_rows
from runner_eval.scores import NOTHING, BadPicture, ClassScores, Confusion, Counts, Floats, Scores

PARTS = ("boxes", "masks", "keypoints")
MOST_BAD = 12  # pictures that are shown
_MOST_FOUND = {"boxes": 100, "masks": 100, "keypoints": 20}  # of a class in a picture, as COCO counts

Pair = tuple[Truth, Inference]


class DetectionMeter:
    """A ``Meter`` for answers with rows."""

    def __init__(self, names: Sequence[str], threshold: float) -> None:
        """``names`` of the classes; ``threshold`` is the brain's own, at which things are counted."""
        self._names, self._threshold = tuple(names), threshold
        self._places: list[int] = []
        self._pairs: list[Pair] = []

    def add(self, place: int, truth: Truth, answer: Inference) -> None:
        self._places.append(place)
        self._pairs.append((truth, answer))

    def finish(self, weights: NDArray[np.int64]) -> list[Scores]:
        """Of the parts that both truth and answers have; where nothing is labelled, of the boxes."""
        parts = [part for part in PARTS if _have_part(part, self._pairs)]
        return [self._measure_part(part, weights) for part in parts]

    def _measure_part(self, part: str, weights: NDArray[np.int64]) -> Scores:
        coco = evaluate_coco(part, self._pairs, self._names)
        rankings = [self._rank_class(part, number, coco) for number in range(len(self._names))]
        together = join_rankings(rankings)
        errors = [self._look_for_errors(*pair, part) for pair in self._pairs]
        return Scores(
            part=part,
            figures=coco.figures,
            draws=_draw_figures(rankings, weights),
            classes=tuple(self._describe_class(number, rankings[number], coco) for number in range(len(self._names))),
            confusion=Confusion((*self._names, NOTHING), np.sum([each.confusion for each in errors], axis=0)),
            threshold=self._threshold,
            counts=together.count_above(self._threshold),
            best=find_best_threshold(together),
            worst=self._find_worst(errors),
        )

    def _rank_class(self, part: str, number: int, coco: CocoResult) -> Ranking:
        scores, places, right, ignored, positives = [], [], [], [], []
        for place, (truth, answer) in enumerate(self._pairs):
            real, found = _rows_of(truth.answer, number), _rank_rows(answer, number)[: _MOST_FOUND[part]]
            uncounted = _find_ignored(part, truth, real)
            crowds = np.isin(real, list(truth.ignored))
            matched = match_rows(coco.ious.get((place, number), np.zeros((len(found), len(real)))), uncounted, crowds)
            hit = matched >= 0
            right.append(hit)
            ignored.append(hit & np.append(uncounted, False)[matched])
            scores.append(_scores_of(answer)[found])
            places.append(np.full(len(found), place))
            positives.append(int((~uncounted).sum()))
        every = np.concatenate(scores).astype(np.float64)
        order = np.argsort(-every, kind="stable")
        return Ranking(
            every[order],
            np.concatenate(places)[order],
            np.concatenate(right, axis=1)[:, order],
            np.concatenate(ignored, axis=1)[:, order],
            np.array(positives, np.int64),
        )

    def _describe_class(self, number: int, ranking: Ranking, coco: CocoResult) -> ClassScores:
        precision, recall = coco.precision[:, :, number], coco.recall[:, number]
        known = bool((precision > -1).any())
        figures = {
            "mAP50:95": float(precision.mean()) if known else None,
            "mAP50": float(precision[0].mean()) if known else None,
            "AR": float(recall.mean()) if known else None,
        }
        return ClassScores(
            name=self._names[number],
            count=int(ranking.positives.sum()),
            figures=figures,
            counts=ranking.count_above(self._threshold),
            best=find_best_threshold(ranking),
            curve=precision[0] if known else None,
        )

    def _look_for_errors(self, truth: Truth, answer: Inference, part: str) -> _Errors:
        shown = answer.take(_scores_of(answer) >= np.float32(self._threshold))
        return _count_errors(truth, shown, _overlap(truth, shown, part), len(self._names))

    def _find_worst(self, errors: Sequence[_Errors]) -> tuple[BadPicture, ...]:
        """By F1, then by the number of errors."""
        bad = [place for place, each in enumerate(errors) if each.counts.extra + each.counts.missed]
        bad.sort(key=lambda place: (errors[place].counts.f1 or 0.0, -errors[place].total))
        return tuple(
            BadPicture(self._places[place], errors[place].describe(), self._pairs[place][0].answer, errors[place].shown)
            for place in bad[:MOST_BAD]
        )


@attrs.frozen(eq=False)
class _Errors:
    """What is wrong in one picture at the brain's threshold."""

    confusion: NDArray[np.int64]
    shown: Inference

    @property
    def counts(self) -> Counts:
        right = int(np.trace(self.confusion))
        return Counts(right, int(self.confusion[:, :-1].sum()) - right, int(self.confusion[:-1].sum()) - right)

    @property
    def total(self) -> int:
        return self.counts.extra + self.counts.missed

    def describe(self) -> str:
        mixed = int(self.confusion[:-1, :-1].sum() - np.trace(self.confusion))
        counted = {
            "missed": int(self.confusion[:-1, -1].sum()),
            "too many": int(self.confusion[-1, :-1].sum()),
            "mixed up": mixed,
        }
        return ", ".join(f"{count} {what}" for what, count in counted.items() if count)


def _count_errors(truth: Truth, answer: Inference, ious: Floats, classes: int) -> _Errors:
    """Things of one class are matched first, then what is left over, whatever its class; crowds take the rest."""
    confusion = np.zeros((classes + 1, classes + 1), np.int64)
    real, found = truth.answer.model_ids, answer.model_ids
    crowds = np.isin(np.arange(len(real)), list(truth.ignored))
    found_left, real_left = np.ones(len(found), bool), ~crowds
    for number in np.intersect1d(real, found).tolist():
        ours, theirs = _rank_rows(answer, number), np.flatnonzero(real == number)
        matched = match_rows(ious[np.ix_(ours, theirs)], crowds[theirs], crowds[theirs])[0]
        hits = matched >= 0
        found_left[ours[hits]] = False
        counted = theirs[matched[hits]]
        counted = counted[~crowds[counted]]
        real_left[counted] = False
        confusion[number, number] += len(counted)
    left = np.where(found_left[:, None] & real_left, ious, 0)
    while left.max(initial=0) >= THRESHOLDS[0]:
        row, column = divmod(int(left.argmax()), left.shape[1])
        confusion[real[column], found[row]] += 1
        found_left[row], real_left[column] = False, False
        left[row], left[:, column] = 0, 0
    confusion[:-1, -1] += np.bincount(real[real_left], minlength=classes)
    confusion[-1, :-1] += np.bincount(found[found_left], minlength=classes)
    return _Errors(confusion, answer)


def _overlap(truth: Truth, answer: Inference, part: str) -> Floats:
    """D x G of all classes: of the masks where they are measured, else of the boxes."""
    real = truth.answer
    if not len(real) or not len(answer):
        return np.zeros((len(answer), len(real)))
    crowds = [int(row in truth.ignored) for row in range(len(real))]
    if part == "masks" and real.masks is not None and answer.masks is not None:
        ours, theirs = ([mask.rle for mask in each.masks or ()] for each in (answer, real))
        return np.asarray(coco_mask.iou(ours, theirs, crowds))
    return np.asarray(coco_mask.iou(to_coco_boxes(answer), to_coco_boxes(real), crowds))


def _have_part(part: str, pairs: Sequence[Pair]) -> bool:
    """Whether truth has the column and no answer lacks it; keypoints must be as many."""
    column = "outer_boxes" if part == "boxes" else part
    truths = [truth.answer for truth, _ in pairs if len(truth.answer)]
    answers = [answer for _, answer in pairs if len(answer)]
    if not truths:
        return part == "boxes"
    if any(getattr(each, column) is None for each in (*truths, *answers)):
        return False
    return part != "keypoints" or count_keypoints(answers) in (0, count_keypoints(truths))


def _find_ignored(part: str, truth: Truth, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of these rows, which count neither way: as the truth says, and where no keypoint of a thing is labelled."""
    ignored = np.isin(rows, list(truth.ignored))
    if part == "keypoints" and truth.answer.keypoints is not None:
        ignored |= ~(truth.answer.keypoints[rows][:, :, 2] > 0).any(axis=1)
    return ignored


def _rows_of(answer: Inference, number: int) -> NDArray[np.int64]:
    return np.flatnonzero(answer.model_ids == number)


def _rank_rows(answer: Inference, number: int) -> NDArray[np.int64]:
    """The rows of a class, the best score first."""
    rows = _rows_of(answer, number)
    return rows[np.argsort(-_scores_of(answer)[rows], kind="stable")]


def _scores_of(answer: Inference) -> NDArray[np.float32]:
    return np.ones(len(answer), np.float32) if answer.scores is None else answer.scores


def _draw_figures(rankings: Sequence[Ranking], weights: NDArray[np.int64]) -> dict[str, Floats]:
    """MAP in each resample, of the classes that it has."""
    each = np.stack([ranking.average_precisions(weights) for ranking in rankings])
    there = np.isfinite(each)
    count = there.sum(axis=0)
    mean = np.divide(np.where(there, each, 0).sum(axis=0), count, out=np.full(count.shape, np.nan), where=count > 0)
    return {"mAP50:95": mean.mean(axis=1), "mAP50": mean[:, 0]}
