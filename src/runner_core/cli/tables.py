"""Tables on the terminal, printed by rich."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rich.table import Column, Table

from runner_core.cli.terminal import open_console
from runner_core.pipeline.summary import Summary, Tally
from runner_core.results.inference import Inference
from runner_core.results.instance import Instance

_MOST_LABELS = 12
_MOST_SHOWN = 6  # numbers of a vector
_COLUMNS: dict[str, Callable[[Instance], str]] = {
    "#": lambda one: str(one.id),
    "label": lambda one: one.label,
    "score": lambda one: "" if one.score is None else f"{one.score:.3f}",
    "box (x1 y1 x2 y2)": lambda one: " ".join(f"{value:.0f}" for value in one.box or ()),
    "turned by": lambda one: "" if one.angle is None else f"{math.degrees(one.angle):.1f}°",
    "mask": lambda one: "" if one.mask is None else f"{one.mask.area} pixels",
    "vector": lambda one: _format_vector(one.vector or ()),
    "keypoints (x,y:score)": lambda one: " ".join(
        f"{x:.0f},{y:.0f}:{score:.2f}" for x, y, score in one.keypoints or ()
    ),
}


def _format_vector(vector: Sequence[float]) -> str:
    first = " ".join(f"{number:.4g}" for number in vector[:_MOST_SHOWN])
    return f"{first} ... ({len(vector)} numbers)" if len(vector) > _MOST_SHOWN else first


def print_summary(summary: Summary, *, when: str = "") -> None:
    """Per brain: frames answered, instances found by label, failures, median milliseconds a frame; the time in all.

    ``when`` says when frames failed, if that was not in this command.
    """
    table = Table("brain", "frames", "found", "failed", "ms a picture")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, tally in summary.brains.items():
        table.add_row(name, str(tally.answered), _format_found(tally), str(tally.failed), _format_ms(tally))
    open_console().print(table)
    if summary.seconds and summary.frames:
        open_console().print(_format_time(summary), soft_wrap=True)
    if summary.failed:
        open_console().print(f"{summary.failed} of {summary.frames} frames failed{when and f' {when}'}")


def _format_time(summary: Summary) -> str:
    """Of this run; what an earlier one has answered took no time."""
    done = summary.frames - summary.earlier
    rate = f", {done / summary.seconds:.1f} a second" if done > 1 else ""  # of one it would be mostly the start
    spent = f"{done} picture{'s' if done > 1 else ''} in {summary.seconds:.1f} s{rate}" if done else ""
    earlier = f"{summary.earlier} pictures were answered before" if summary.earlier else ""
    return "; ".join(filter(None, (spent, earlier)))


def _format_found(tally: Tally) -> str:
    shown = tally.labels.most_common(_MOST_LABELS)
    kinds = ", ".join(f"{count} {label}" for label, count in shown)
    more = f", and {len(tally.labels) - len(shown)} more labels" if len(tally.labels) > len(shown) else ""
    return f"{tally.found} ({kinds}{more})" if kinds else "0"


def _format_ms(tally: Tally) -> str:
    return f"{tally.to_json()['ms']:.1f}" if tally.ms else "-"


def print_rows(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, stderr: bool = False) -> None:
    """A table in which nothing is cut off; nothing if there are no rows."""
    if rows:
        table = Table(*(Column(name, overflow="fold") for name in head), title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        open_console(stderr=stderr).print(table)


def print_instances(inference: Inference) -> None:
    """One row an instance, with a column for each thing that any of them has; one line if nothing was found."""
    spent = ", ".join(f"{stage} {ms:.1f} ms" for stage, ms in inference.ms.items())
    head = f"{inference.brain} on {inference.engine}: {spent}"
    nothing = "" if len(inference) else "; nothing scores above the threshold"
    verdict = f"; the picture is {inference.verdict.label}, {inference.verdict.score:.3f}" if inference.verdict else ""
    open_console().print(f"{head}{verdict}{nothing}", soft_wrap=True)
    parents = {"found in": lambda one: "" if one.parent is None else f"{inference.parent_brain} {one.parent}"}
    columns = {
        name: [format_cell(one) for one in inference.instances] for name, format_cell in (_COLUMNS | parents).items()
    }
    shown = {name: cells for name, cells in columns.items() if any(cells)}
    print_rows("", tuple(shown), list(zip(*shown.values(), strict=True)))
