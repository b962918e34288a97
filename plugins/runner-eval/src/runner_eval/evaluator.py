"""Evaluates brains on labelled pictures: the way from a data set and answers to what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.brain import Brain
from runner_core.datasets import ClassNames, Dataset, Figures, Truth
from runner_core.errors import DatasetError, RunnerError, UsageError
from runner_core.results import Failure, Inference
from runner_eval.answers import Answers, Contestant, Entry, Report, list_contestants, read_answers, run_brains
from runner_eval.choices import ChoiceMeter
from runner_eval.detection import DetectionMeter
from runner_eval.evaluation import BrainScores, CocoEvaluation
from runner_eval.pixels import PixelMeter
from runner_eval.scores import Meter

RESAMPLES = 1000
_PIXELS, _CHOICES = "semantic-segmentation", "classification"


class CocoEvaluator:
    """The evaluator that the hook registers."""

    def evaluate(
        self,
        brains: Sequence[Brain],
        data: Dataset,
        *,
        answers: Path | None = None,
        conf: float | None = None,
        rename: Mapping[str, str] | None = None,
        exact: bool = False,
        resamples: int = RESAMPLES,
        step: Report | None = None,
    ) -> CocoEvaluation:
        """Measures the brains side by side, or the answers of an earlier run.

        ``answers``    JSON lines of a run over the pictures; then ``brains`` is empty, and ``conf`` their threshold.
        ``rename``     classes of the brains that the data set has under another name.
        ``exact``      decodes every picture in full, as for a run.
        ``resamples``  of the pictures, from which the intervals follow; 0: none.
        ``step``       is called with each picture's key.

        A picture whose labels or answers cannot be read is left out for all. Raises DatasetError where nothing is left,
        UsageError for answers of other pictures, for a class that the data set does not have, and for options that
        exclude each other.
        """
        left_out: list[str] = []
        notes: list[str] = []
        contestants, found = _gather(brains, data, answers, conf, exact=exact, report=notes.append)
        evaluating = _Evaluating.of(contestants, data, rename or {})
        unseen = set(range(len(data)))
        for place, entries in found:
            unseen.discard(place)
            message = evaluating.add(place, entries)
            if message:
                left_out.append(f"{data[place].key}: {message}")
            if step:
                step(data[place].key)
        left_out += [f"{data[place].key}: there is no answer" for place in sorted(unseen)]
        return evaluating.finish(resamples, left_out, notes)

    def measure(self, truths: Sequence[Truth], answers: Sequence[Inference]) -> Figures:
        """The figures of answers to the pictures of ``truths``, in their order, without intervals."""
        labels = next((truth.answer.labels for truth in truths), None)
        if labels is None or not answers:
            raise DatasetError("no pictures to measure with")
        kind, names = truths[0].answer.task, ClassNames(labels)
        meter = _make_meter(kind, labels.names, 0.0)
        for place, (truth, answer) in enumerate(zip(truths, answers, strict=True)):
            meter.add(place, truth, names.translate(answer, whole=kind == _CHOICES))
        return meter.finish(np.zeros((0, len(truths)), np.int64))[0].figures


def _gather(
    brains: Sequence[Brain], data: Dataset, answers: Path | None, conf: float | None, *, exact: bool, report: Report
) -> tuple[list[Contestant], Answers]:
    if (answers is None) == (not brains):
        raise UsageError("brains or the answers of a run are measured", remedy="give one of both")
    if answers:
        return read_answers(answers, data, conf=conf, report=report)
    return list_contestants(brains), run_brains(brains, data, exact=exact)


def _make_meter(kind: str, names: Sequence[str], threshold: float) -> Meter:
    if kind == _PIXELS:
        return PixelMeter(names)
    return ChoiceMeter(names) if kind == _CHOICES else DetectionMeter(names, threshold)


@attrs.define(eq=False)
class _Measured:
    """One contestant while it is measured. ``least`` is the lowest score among its answers."""

    contestant: Contestant
    names: ClassNames
    meter: Meter
    least: float = 1.0


@attrs.frozen(eq=False)
class _Evaluating:
    """An evaluation that is under way; ``places`` are those of the pictures that count."""

    data: Dataset
    measured: tuple[_Measured, ...]
    places: list[int] = attrs.field(factory=list)
    findings: list[str] = attrs.field(factory=list)

    @classmethod
    def of(cls, contestants: Sequence[Contestant], data: Dataset, rename: Mapping[str, str]) -> _Evaluating:
        return cls(data, tuple(
            _Measured(each, ClassNames(data.labels, rename), _make_meter(data.kind, data.labels.names, each.threshold))
            for each in contestants
        ))  # fmt: skip

    def add(self, place: int, entries: Mapping[str, Entry]) -> str:
        """Why the picture is left out for all contestants, or nothing."""
        try:
            truth = self.data[place].read()
        except RunnerError as error:
            return str(error)
        message = self._find_fault(truth, entries)
        if message:
            return message
        self.places.append(place)
        self.findings.extend(f"{finding.place}: {finding.message}" for finding in truth.findings)
        for each in self.measured:
            answer = entries[each.contestant.name]
            assert isinstance(answer, Inference)
            if answer.scores is not None and len(answer):
                each.least = min(each.least, float(answer.scores.min()))
            each.meter.add(place, truth, each.names.translate(answer, whole=self.data.kind == _CHOICES))
        return ""

    def _find_fault(self, truth: Truth, entries: Mapping[str, Entry]) -> str:
        if self.data.kind == _CHOICES and not len(truth.answer):
            return "no class is given"
        if self.data.kind == _PIXELS and truth.answer.class_map is None:
            return "no pixel is labelled"
        for name, entry in entries.items():
            if isinstance(entry, Failure):
                return f"{name} has no answer: {entry.message}"
            if entry.size != truth.answer.size:
                sizes = " and ".join(f"{width} x {height}" for width, height in (truth.answer.size, entry.size))
                return f"the labels and the answer of {name} are of two pictures: {sizes}"
            if self.data.kind == _PIXELS and entry.class_map is None:
                return f"{name} does not label pixels ({entry.task})"
            places = (entry.boxes, entry.masks, entry.keypoints)
            if self.data.kind not in (_PIXELS, _CHOICES) and len(entry) and all(column is None for column in places):
                return f"{name} does not say where things are ({entry.task})"
        return ""

    def finish(self, resamples: int, left_out: Sequence[str], notes: Sequence[str]) -> CocoEvaluation:
        if not self.places:
            raise DatasetError(
                f"{self.data.location}: no picture is left to measure with",
                remedy=left_out[0] if left_out else "give pictures with labels",
            )
        weights = _draw_pictures([self.data[place].group for place in self.places], resamples)
        return CocoEvaluation(
            data=self.data,
            pictures=len(self.places),
            scores=tuple(self._finish_one(each, weights) for each in self.measured),
            left_out=tuple(left_out),
            findings=(*(f"{each.place}: {each.message}" for each in self.data.findings), *self.findings),
            notes=tuple(notes),
        )

    def _finish_one(self, each: _Measured, weights: NDArray[np.int64]) -> BrainScores:
        known, parts = each.contestant.known, tuple(each.meter.finish(weights))
        if not parts:
            raise UsageError(
                f"{each.contestant.name} and the labels of {self.data.location} have nothing in common to measure",
                remedy=f"give a brain for {self.data.kind}",
            )
        return BrainScores(
            name=each.contestant.name,
            source=each.contestant.source,
            threshold=each.contestant.threshold,
            least=each.least,
            parts=parts,
            missing=tuple(each.names.list_missing(known)) if known else (),
            unknown=each.names.unknown,
        )


def _draw_pictures(groups: Sequence[str], resamples: int) -> NDArray[np.int64]:
    """Resamples x pictures: how often each is in each. Whole groups are drawn: pictures of one are no chance apart."""
    numbers = np.unique(np.array(groups), return_inverse=True)[1]
    count = int(numbers.max()) + 1
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), resamples)
    weights: NDArray[np.int64] = drawn[:, numbers]
    return weights
