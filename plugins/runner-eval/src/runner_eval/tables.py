"""What was measured, as tables of texts: those of the terminal are those of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from runner_eval.evaluation import BrainScores, CocoEvaluation, Difference
from runner_eval.scores import Choice, ClassScores, Counts, Interval, Scores

UNKNOWN = "-"
_COUNTED = ("right", "extra", "missed", "precision", "recall", "F1")  # at the brain's own threshold
_CHOSEN = ("best threshold", "F1 there")


@attrs.frozen
class Table:
    """``rows`` are as long as ``head``."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def make_tables(evaluation: CocoEvaluation, part: str) -> Iterator[Table]:
    """The figures of a part, a column for each brain; then its classes."""
    measured = [(each, found) for each in evaluation.scores if (found := each.find_part(part))]
    yield _make_figures(evaluation, part, measured)
    yield _make_classes(part, measured)


def _make_figures(evaluation: CocoEvaluation, part: str, measured: Sequence[tuple[BrainScores, Scores]]) -> Table:
    defined = [name for _, scores in measured for name, value in scores.figures.items() if value is not None]
    names = [name for name in measured[0][1].figures if name in defined]  # no picture has such an object: no row
    differences = {(each.name, each.figure): each for each in evaluation.differences if each.part == part}
    others = [brain.name for brain, _ in measured[1:]]
    rows = [
        (name, *(_format_figure(scores, name) for _, scores in measured),
         *(_format_difference(differences.get((other, name))) for other in others))
        for name in names
    ]  # fmt: skip
    gaps = ("",) * len(others)
    rows += [(name, *cells, *gaps) for name, cells in _list_counts([scores for _, scores in measured])]
    head = (part, *(brain.name for brain, _ in measured), *(f"{other} - {measured[0][0].name}" for other in others))
    return Table(f"{part}: {evaluation.pictures} pictures of {evaluation.data.location}", head, tuple(rows))


def _list_counts(measured: Sequence[Scores]) -> Iterator[tuple[str, list[str]]]:
    """What follows from a threshold, where the part has one."""
    if not any(scores.counts for scores in measured):
        return
    counted = [_format_counts(scores.counts) for scores in measured]
    chosen = [_format_choice(scores.best) for scores in measured]
    yield "own threshold", [format_number(scores.threshold, 2) for scores in measured]
    for place, name in enumerate(_COUNTED):
        yield name, [cells[place] for cells in counted]
    for place, name in enumerate(_CHOSEN):
        yield name, [cells[place] for cells in chosen]


def _make_classes(part: str, measured: Sequence[tuple[BrainScores, Scores]]) -> Table:
    several = len(measured) > 1
    rows = [
        (*((brain.name,) if several else ()), *_format_class(each))
        for number in range(len(measured[0][1].classes))
        for brain, scores in measured
        for each in [scores.classes[number]]
    ]
    first = measured[0][1].classes[0]
    counted = (*_COUNTED, *_CHOSEN) if first.counts else ()
    head = ("class", "pixels" if part == "pixels" else "count", *first.figures, *counted)
    return Table(f"{part}, by class", (*(("brain",) if several else ()), *head), tuple(rows))


def _format_class(each: ClassScores) -> tuple[str, ...]:
    figures = (format_number(value) for value in each.figures.values())
    counted = (*_format_counts(each.counts), *_format_choice(each.best)) if each.counts else ()
    return (each.name, str(each.count), *figures, *counted)


def _format_counts(counts: Counts | None) -> tuple[str, ...]:
    if counts is None:
        return (UNKNOWN,) * len(_COUNTED)
    shares = (format_number(share) for share in (counts.precision, counts.recall, counts.f1))
    return (str(counts.right), str(counts.extra), str(counts.missed), *shares)


def _format_choice(best: Choice | None) -> tuple[str, str]:
    return (format_number(best.threshold, 2), format_number(best.f1)) if best else (UNKNOWN, UNKNOWN)


def _format_figure(scores: Scores, name: str) -> str:
    interval = scores.intervals.get(name)
    return format_number(scores.figures.get(name)) + (f" ({format_interval(interval)})" if interval else "")


def _format_difference(difference: Difference | None) -> str:
    if difference is None:
        return ""
    interval = format_interval(difference.interval, "+.3f")
    return f"{difference.value:+.3f} ({interval})" + ("" if difference.is_certain else " may be chance")


def format_interval(interval: Interval, form: str = ".3f") -> str:
    low, high = interval
    return f"{low:{form}} to {high:{form}}"


def format_number(value: float | None, digits: int = 3) -> str:
    """With so many digits; ``UNKNOWN`` for None."""
    return UNKNOWN if value is None else f"{value:.{digits}f}"
