"""``runner data``: what is in a data set, what is odd about it, and the way to another format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from runner_core.cli.check_labels import LabelCheck, check_labels, print_check
from runner_core.cli.completion import complete_brains, complete_files, complete_sinks
from runner_core.cli.doubts_page import write_doubts_page
from runner_core.cli.options import HomePath, open_brains
from runner_core.cli.progress import show_frame_bar
from runner_core.cli.run import is_standard_output
from runner_core.cli.tables import print_rows
from runner_core.cli.terminal import open_console
from runner_core.contracts import HasFolder
from runner_core.datasets.check import Survey, check_dataset
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Finding
from runner_core.datasets.open import open_dataset
from runner_core.datasets.results import to_results
from runner_core.datasets.select import select_parts
from runner_core.datasets.statistics import DatasetStatistics, Spread
from runner_core.errors import UsageError
from runner_core.pipeline.sources_sinks import open_sinks
from runner_core.pipeline.summary import Summary

_SHOWN = 20  # findings


@click.command()
@click.argument("location", metavar="DIR", shell_complete=complete_files)
@click.option(
    "--form", metavar="NAME", help="Its format: coco, voc, yolo, ...; without it, the one that recognises it."
)
@click.option("--part", multiple=True, metavar="NAME", help="Only this part: train, val, test; may be repeated.")
@click.option("--all", "every", is_flag=True, help=f"List everything that is odd, not {_SHOWN} lines alone.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON on standard output.")
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="BRAIN",
    shell_complete=complete_brains,
    help="List the labels that this brain disagrees with; may be repeated: those that all disagree with.",
)
@click.option(
    "--page",
    type=HomePath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page that shows the labels that --check lists: doubts.html.",
)
@click.option(
    "--to", "sinks", multiple=True, metavar="NAME:PATH", shell_complete=complete_sinks,
    help="Write it to a sink, as `runner run` does: in another format, or drawn. May be repeated.",
)  # fmt: skip
def data(
    location: str, form: str | None, part: Sequence[str], every: bool, as_json: bool, checks: Sequence[str],
    page: Path | None, sinks: Sequence[str],
) -> int:  # fmt: skip
    """Show what is in the labelled pictures of DIR: classes, sizes, what is odd, what is there twice.

    DIR is a folder or a file, with options as in 'DIR?part=train&classes=cup,plate&rename=mug:cup'. The exit code is 1
    where a picture or a label cannot be used, or a picture cannot be checked; a doubtful label does not count.
    """
    if page and not checks:
        raise UsageError("--page shows what --check lists", remedy="name a brain: --check BRAIN")
    dataset = open_dataset(location, form=form)
    if part:
        dataset = select_parts(dataset, part)
    opened = _open_sinks(sinks, dataset)
    quiet = as_json or any(map(is_standard_output, sinks))
    with show_frame_bar(len(dataset), quiet=quiet) as advance:
        survey = check_dataset(dataset, watch=advance)
    fingerprint = survey.dataset.fingerprint()
    check = _check(survey.dataset, checks, quiet=quiet) if checks else None
    if as_json:
        click.echo(json.dumps({**survey.to_json(), **(check.to_json() if check else {}), "fingerprint": fingerprint}))
    elif not quiet:
        _print_survey(survey, fingerprint, every=every)
        if check:
            print_check(check, most=None if every else _SHOWN)
    if check and page:
        write_doubts_page(survey.dataset, check.doubts, page)
        click.echo(f"data: {page}", err=True)
    if opened:
        _write(survey.dataset, opened)
    return 0 if survey.ok and not (check and check.failed) else 1


def _check(dataset: Dataset, brains: Sequence[str], *, quiet: bool) -> LabelCheck:
    with open_brains(brains) as opened, show_frame_bar(len(dataset), quiet=quiet) as advance:
        return check_labels(dataset, opened, watch=advance)


def _open_sinks(sinks: Sequence[str], dataset: Dataset) -> list[Any]:
    """Raises UsageError for a sink that would write among the pictures."""
    opened = open_sinks(sinks)
    read = {example.picture.resolve().parent for example in dataset}
    for sink, name in zip(opened, sinks, strict=True):
        folder = sink.folder.resolve() if isinstance(sink, HasFolder) and sink.folder else None
        if folder and any(each.is_relative_to(folder) or folder.is_relative_to(each) for each in read):
            raise UsageError(f"{name}: among the pictures that are read", remedy="name a folder outside it")
    return opened


def _write(dataset: Dataset, sinks: Sequence[Any]) -> None:
    """Raises SinkError."""
    summary = Summary()
    with ExitStack() as stack:
        writers = [stack.enter_context(sink.open()) for sink in sinks]
        with show_frame_bar(len(dataset)) as advance:
            for result in to_results(dataset):
                summary.add(result)
                for writer in writers:
                    writer.write(result)
                advance()
        for writer in writers:
            writer.finish(summary.to_json())


def _print_survey(survey: Survey, fingerprint: str, *, every: bool) -> None:
    statistics, console = survey.statistics, open_console()
    print_rows("", ("class", "labels", "pictures"), _list_classes(statistics))
    for line in _describe(survey, fingerprint):
        console.print(line, soft_wrap=True)
    findings = survey.findings if every else survey.findings[:_SHOWN]
    print_rows("", ("where", "what is odd", "what became of it"), [_list_finding(finding) for finding in findings])
    if len(survey.findings) > len(findings):
        console.print(f"and {len(survey.findings) - len(findings)} more: --all lists them", soft_wrap=True)


def _list_classes(statistics: DatasetStatistics) -> list[list[str]]:
    return [
        [name, _format_share(statistics, name) or str(count), str(statistics.shown[name])]
        for name, count in statistics.instances.items()
    ]


def _format_share(statistics: DatasetStatistics, name: str) -> str:
    return f"{statistics.pixels[name]:.1%} of the pixels" if statistics.pixels else ""


def _describe(survey: Survey, fingerprint: str) -> list[str]:
    """A line for each thing that is known of the whole."""
    statistics = survey.statistics
    parts = ", ".join(f"{count} in {part or 'no part'}" for part, count in statistics.parts.items())
    count = f"{statistics.pictures} pictures{f' ({parts})' if len(statistics.parts) > 1 else ''}"
    lines = [
        f"{survey.dataset.kind}: {count}, {statistics.empty} of them with nothing labelled",
        f"pictures: {_format_spread(statistics.width, 0)} wide, {_format_spread(statistics.height, 0)} high",
    ]
    if statistics.side.high and not statistics.pixels:
        side, most = statistics.side, max(statistics.width.median, statistics.height.median)
        lines.append(
            f"boxes: a side is {_format_spread(side, 3)} of the picture's longer one, {side.median * most:.0f} pixels "
            f"of {most:.0f}; {_format_spread(statistics.density, 0)} in a picture"
        )
    twice = sum(pair.exact for pair in survey.duplicates)
    if survey.duplicates:
        lines.append(f"copies among the pictures: {twice} exact, {len(survey.duplicates) - twice} near")
    return [*lines, f"fingerprint: {fingerprint}"]


def _format_spread(spread: Spread, digits: int) -> str:
    if spread.low == spread.high:
        return f"{spread.median:.{digits}f}"
    return f"{spread.low:.{digits}f} to {spread.high:.{digits}f} (half below {spread.median:.{digits}f})"


def _list_finding(finding: Finding) -> list[str]:
    place, line = finding.place, ""
    head, colon, tail = place.rpartition(":")
    if colon and tail.isdigit():
        place, line = head, colon + tail
    shown = Path(place).name if len(place) > 60 else place
    return [shown + line, finding.message, finding.repaired or "left out"]
