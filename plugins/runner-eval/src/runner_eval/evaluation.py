"""What was measured of several brains on one data set, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from runner_core.datasets import Dataset, Figures
from runner_core.errors import UsageError
from runner_core.util import ask_if_meant
from runner_eval.scores import Interval, Scores, find_interval

_FEW_PICTURES = 50  # fewer say little
_LOW = 0.1  # answers that begin above this score were cut before they came here


@attrs.frozen(eq=False)
class BrainScores:
    """One brain: what was measured of it, and how far its answers fit the data set.

    ``parts``    of its answers, the first is what it is judged by.
    ``least``    the lowest score among its answers.
    ``missing``  classes of the data set that it does not have; ``unknown`` counts what it found of other classes.
    """

    name: str
    source: str
    threshold: float
    least: float
    parts: tuple[Scores, ...]
    missing: tuple[str, ...] = ()
    unknown: Mapping[str, int] = attrs.field(factory=dict)

    def find_part(self, part: str) -> Scores | None:
        return next((each for each in self.parts if each.part == part), None)

    def list_notes(self) -> Iterator[str]:
        """What a reader must know of its figures."""
        if self.missing:
            names = ", ".join(self.missing)
            yield f"{self.name} does not know {names}: all of these count as missed; --classes leaves them out"
        if self.unknown:
            yield f"{self.name} found {', '.join(self.unknown)}, which the data set does not have: left out"
        if self.parts and "mAP50" in self.parts[0].figures and self.least > _LOW:
            yield f"{self.name} gave no score below {self.least:.2f}: its mAP leaves out what it was unsure of"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "source": self.source,
            "threshold": self.threshold,
            "lowest_score": self.least,
            "classes_missing": list(self.missing),
            "classes_unknown": dict(self.unknown),
            **{each.part: each.to_json() for each in self.parts},
        }


@attrs.frozen(eq=False)
class Difference:
    """How much better the brain ``name`` is than the first one, by one figure.

    ``interval`` holds 95 of 100 differences on other such pictures; both brains saw the same ones.
    """

    name: str
    part: str
    figure: str
    value: float
    interval: Interval

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.interval[0] > 0 or self.interval[1] < 0


@attrs.frozen(eq=False)
class CocoEvaluation:
    """How good brains are on a data set. ``print`` shows it in a few lines; ``save`` writes a report.

    ``pictures``  that were measured with; ``left_out`` says why others were not.
    ``findings``  what was odd in the labels; ``notes`` what was odd in the answers.
    """

    data: Dataset
    pictures: int
    scores: tuple[BrainScores, ...]
    left_out: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def brains(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.scores)

    @property
    def figures(self) -> Figures:
        """Those of the first brain."""
        return self.figures_of(self.scores[0].name)

    def figures_of(self, brain: str) -> Figures:
        """Those of one brain, of the first part of its answers. Raises UsageError for one that was not measured."""
        for each in self.scores:
            if each.name == brain:
                return each.parts[0].figures
        raise UsageError(
            f"no brain {brain!r} was measured",
            remedy=f"{ask_if_meant(brain, self.brains)}measured: {', '.join(self.brains)}",
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """What was measured of any brain: ``boxes``, ``masks``, ..."""
        return tuple(dict.fromkeys(part.part for each in self.scores for part in each.parts))

    @property
    def differences(self) -> list[Difference]:
        """Of each further brain from the first one, by each figure that has an interval."""
        first, *others = self.scores
        return [found for other in others for part in first.parts for found in _compare(part, other)]

    @property
    def all_notes(self) -> list[str]:
        """What a reader must know of the figures."""
        few = f"{self.pictures} pictures say little: see the intervals" if self.pictures < _FEW_PICTURES else ""
        parts = sorted({example.part for example in self.data} - {""})
        mixed = f"measured on all parts, {' and '.join(parts)}: ?part={parts[-1]} is one" if len(parts) > 1 else ""
        own = [note for each in self.scores for note in each.list_notes()]
        return list(filter(None, [few, mixed, *own, *self.notes]))

    def to_json(self) -> dict[str, Any]:
        return {
            "data": self.data.location,
            "kind": self.data.kind,
            "classes": list(self.data.labels.names),
            "pictures": self.pictures,
            "left_out": list(self.left_out),
            "label_findings": list(self.findings),
            "notes": self.all_notes,
            "brains": [each.to_json() for each in self.scores],
            "differences": [{**attrs.asdict(each), "is_certain": each.is_certain} for each in self.differences],
        }

    def save(self, folder: Path) -> Path:
        """Writes ``report.html``, its pictures and ``evaluation.json`` into the folder; gives the page."""
        from runner_eval.report import write_report  # it draws, which measuring does not need

        return write_report(self, folder)

    def __repr__(self) -> str:
        each = ", ".join(
            f"{one.name}: {name} {value:.3f}"
            for one in self.scores
            for name, value in list(one.parts[0].figures.items())[:1]
            if value is not None
        )
        return f"Evaluation({self.pictures} pictures of {self.data.location!r}; {each})"


def _compare(part: Scores, other: BrainScores) -> Iterator[Difference]:
    theirs = other.find_part(part.part)
    if theirs is None:
        return
    for name, draws in part.draws.items():
        ours, value = part.figures[name], theirs.figures[name]
        interval = find_interval(theirs.draws[name] - draws)
        if ours is not None and value is not None and interval:
            yield Difference(other.name, part.part, name, value - ours, interval)
