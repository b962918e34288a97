"""``runner eval``: how good brains are, on labelled pictures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from runner_core.brain import Brain
from runner_core.cli import (
    complete_brains,
    complete_files,
    load_options,
    open_brains,
    print_message,
    print_rows,
    show_frame_bar,
)
from runner_core.datasets import Dataset, open_dataset
from runner_core.errors import UsageError
from runner_core.util import expand_home
from runner_eval.evaluation import CocoEvaluation
from runner_eval.evaluator import CocoEvaluator
from runner_eval.tables import Table, make_tables

_MOST_TOLD = 5  # pictures that are left out


@click.command(name="eval")
@click.argument("brains", nargs=-1, metavar="BRAIN...", shell_complete=complete_brains)
@click.option(
    "--data", required=True, metavar="DIR", shell_complete=complete_files,
    help="The labelled pictures: a folder, or a file of labels. Options follow a question mark: 'DIR?part=test'.",
)  # fmt: skip
@click.option(
    "--answers", metavar="FILE", shell_complete=complete_files,
    help="Measure the answers of an earlier run, its JSON lines; no model runs.",
)  # fmt: skip
@click.option(
    "--rename", multiple=True, metavar="NAME=OTHER",
    help="A class of the brains, and what the data set calls it; may be repeated.",
)  # fmt: skip
@click.option("--report", metavar="DIR", help="Write a report into this folder: a page, pictures, numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--exact", is_flag=True, help="Decode every picture in full; answers differ a little.")
@load_options
def command(
    brains: tuple[str, ...], data: str, answers: str | None, rename: tuple[str, ...], report: str | None,
    as_json: bool, exact: bool, classes: tuple[str, ...] | None, **options: Any,
) -> int:  # fmt: skip
    """Measure how good each BRAIN is on labelled pictures, side by side, and how sure that is.

    Detection: COCO's figures, over all answers that score 0.001 or more; what is right, too much and missed is counted
    at the brain's own threshold. Segmentation: IoU and Dice. Classification: accuracy. Intervals are those of 95 in 100
    resamples of the pictures; a brain is better than the first where the interval of their difference leaves out 0.
    """
    if bool(brains) == bool(answers):
        raise UsageError("give brains, or --answers FILE, but not both")
    labelled = open_dataset(data)
    if classes:
        labelled = labelled.select(classes)
    given: dict[str, Any] = {"rename": _parse_pairs(rename), "exact": exact}
    if answers:
        given |= {"answers": Path(expand_home(answers)), "conf": options["conf"]}
    with open_brains(brains, **options) as opened:
        evaluation = _measure(opened, labelled, given)
    _print_evaluation(evaluation, as_json=as_json)
    if report:
        page = evaluation.save(Path(expand_home(report)))
        click.echo(page, err=as_json)
    return int(bool(evaluation.left_out))


def _parse_pairs(texts: Sequence[str]) -> Mapping[str, str]:
    """Raises UsageError for what is no pair."""
    pairs = [text.partition("=") for text in texts]
    for text, (name, _, other) in zip(texts, pairs, strict=True):
        if not name or not other:
            raise UsageError(f"--rename {text}", remedy="give NAME=OTHER: the brain's name, and the data set's")
    return {name: other for name, _, other in pairs}


def _measure(brains: Sequence[Brain], data: Dataset, given: Mapping[str, Any]) -> CocoEvaluation:
    with show_frame_bar(len(data)) as step:
        return CocoEvaluator().evaluate(brains, data, step=_ignore_text(step), **given)


def _ignore_text(step: Callable[[], None]) -> Callable[[str], None]:
    return lambda _: step()


def _print_evaluation(evaluation: CocoEvaluation, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(evaluation.to_json(), indent=1))
    else:
        for part in evaluation.parts:
            for table in make_tables(evaluation, part):
                _print_table(table)
    for line in _list_messages(evaluation):
        print_message(line)


def _print_table(table: Table) -> None:
    """In a pipe without lines around it, however wide it is."""
    if sys.stdout.isatty():
        print_rows(table.title, table.head, table.rows)
        return
    click.echo(table.title)
    lines = (table.head, *table.rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    click.echo()


def _list_messages(evaluation: CocoEvaluation) -> list[str]:
    lines = list(evaluation.all_notes)
    left = evaluation.left_out
    if left:
        more = f"; and {len(left) - _MOST_TOLD} more" if len(left) > _MOST_TOLD else ""
        lines.append(f"{len(left)} pictures are left out: {'; '.join(left[:_MOST_TOLD])}{more}")
    if evaluation.findings:
        lines.append(f"{len(evaluation.findings)} labels are odd, the first: {evaluation.findings[0]}")
    return lines
