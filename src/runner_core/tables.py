"""Tables on the terminal, by rich."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Column, Table

from runner_core.inference import Inference
from runner_core.summary import Summary, Tally


def print_summary(summary: Summary) -> None:
    """Per brain: frames answered, instances found by label, failures, median milliseconds a frame."""
    table = Table("brain", "frames", "found", "failed", "ms a picture")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, tally in summary.brains.items():
        table.add_row(name, str(tally.answered), _found(tally), str(tally.failed), _ms(tally))
    Console().print(table)
    if summary.failed:
        Console().print(f"{summary.failed} of {summary.frames} frames failed")


def _found(tally: Tally) -> str:
    kinds = ", ".join(f"{count} {label}" for label, count in tally.labels.most_common(4))
    return f"{tally.found} ({kinds}{', ...' if len(tally.labels) > 4 else ''})" if kinds else "0"


def _ms(tally: Tally) -> str:
    return f"{tally.to_json()['ms']:.1f}" if tally.ms else "-"


def print_rows(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, stderr: bool = False) -> None:
    """A table, in which nothing is cut off; none where there are no rows."""
    if rows:
        table = Table(*(Column(name, overflow="fold") for name in head), title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        Console(stderr=stderr).print(table)


def print_instances(inference: Inference) -> None:
    """One row an instance: label, score, box; a line where there is none."""
    spent = ", ".join(f"{stage} {ms:.1f} ms" for stage, ms in inference.ms.items())
    table = Table("#", "label", "score", "box (x1 y1 x2 y2)", title=f"{inference.brain} on {inference.engine}: {spent}")
    for instance in inference.instances:
        score = "" if instance.score is None else f"{instance.score:.3f}"
        box = "" if instance.box is None else " ".join(f"{value:.0f}" for value in instance.box)
        table.add_row(str(instance.id), instance.label, score, box)
    Console().print(table if len(inference) else f"{table.title}; nothing found that scores enough")
