"""``runner replay``: the answers of a run drawn, filtered and converted again, without any model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from runner_core.cli.completion import complete_files, complete_sinks
from runner_core.cli.console import print_message
from runner_core.cli.options import classes_options
from runner_core.cli.run import JSON_LINES, is_standard_output
from runner_core.cli.tables import print_summary
from runner_core.errors import UsageError
from runner_core.pipeline.find_pictures import FrameLookup, NamedPictures, TimedPictures
from runner_core.pipeline.records import Record, RowFilter, read_lines, read_records
from runner_core.pipeline.replay import replay
from runner_core.pipeline.sources_sinks import open_sinks, open_source
from runner_core.results.result import Failure
from runner_core.util.home import expand_home
from runner_core.util.location import redact_url
from runner_core.util.spelling import ask_if_meant

_CLASSES, _ONE_CLASS = classes_options()


@click.command(name="replay")
@click.argument("answers", shell_complete=complete_files)
@click.option("--video", metavar="CLIP", help="The video that was run.")
@click.option("--pictures", metavar="DIR", help="The pictures that were run: a folder, a glob, a list.")
@click.option("--conf", type=click.FloatRange(0, 1), help="Score threshold: drop instances that score less.")
@_CLASSES
@_ONE_CLASS
@click.option("--max-det", type=click.IntRange(1), help="At most this many instances of each brain in a frame.")
@click.option("--source", metavar="NAME", help="Only the frames of this source, by its name in the answers.")
@click.option(
    "--sink", "-s", "sinks", multiple=True, metavar="NAME:PATH", shell_complete=complete_sinks,
    help="Where answers go, as for `runner run`. Without one, or with -: JSON lines on standard output.",
)  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="No table.")
def command(
    answers: str, video: str | None, pictures: str | None, conf: float | None, classes: tuple[str, ...] | None,
    max_det: int | None, source: str | None, sinks: tuple[str, ...], quiet: bool,
) -> int:  # fmt: skip
    """Write ANSWERS, the JSON lines of a run (- is standard input), to sinks again.

    Sinks that draw need the pictures: those of a video are found by their times, others by their names.
    """
    sinks = sinks or (JSON_LINES,)
    answers = expand_home(answers)
    _check_outputs((answers, video, pictures), sinks)
    asked = frozenset(classes) if classes else None
    seen: set[str] = set()
    report = Complaints()
    with _open_answers(answers) as lines:
        records = _note_labels(_filter_by_source(read_records(read_lines(lines), answers), source), seen)
        found = _open_pictures(video, pictures)
        summary = replay(
            records, open_sinks(sinks), pictures=found, rows=RowFilter(conf, asked, max_det), report=report
        )
    if not summary.frames and not report.count:
        raise UsageError(f"{answers}: no answers{f' for {source}' if source else ''}")
    for name in sorted((asked or frozenset()) - seen):
        report(f"{answers}: nothing in it has the label {name}; {ask_if_meant(name, seen)}".rstrip("; "))
    if not quiet and not any(map(is_standard_output, sinks)):
        print_summary(summary, when="in the run")
    return 1 if report.count else 0


class Complaints:
    """Prints what cannot be replayed on standard error, and counts it."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, text: str) -> None:
        self.count += 1
        print_message(text)


@contextmanager
def _open_answers(answers: str) -> Iterator[BinaryIO]:
    if answers == "-":
        yield sys.stdin.buffer
        return
    if not Path(answers).is_file():
        raise UsageError(f"{answers}: no such file", remedy="give the JSON lines that `runner run` wrote")
    with Path(answers).open("rb") as lines:
        yield lines


def _open_pictures(video: str | None, pictures: str | None) -> FrameLookup | None:
    place = video or pictures
    if place is None:
        return None
    if video and pictures:
        raise UsageError("--video and --pictures at once", remedy="replay one after the other, with --source")
    source = open_source(place)
    if source.live:
        raise UsageError(f"{redact_url(place)}: the pictures of a live source are gone", remedy="give a video of it")
    return TimedPictures(source, place) if video else NamedPictures(source, place)


def _filter_by_source(records: Iterator[Record | Failure], source: str | None) -> Iterator[Record | Failure]:
    return (record for record in records if source is None or isinstance(record, Failure) or record.source == source)


def _note_labels(records: Iterator[Record | Failure], seen: set[str]) -> Iterator[Record | Failure]:
    """The records; adds the labels in them to ``seen``."""
    for record in records:
        if isinstance(record, Record):
            seen.update(
                label.name for entry in record.entries if not isinstance(entry, Failure) for label in entry.found
            )
        yield record


def _check_outputs(inputs: Sequence[str | None], sinks: Sequence[str]) -> None:
    """Raises UsageError if a sink would write over what is read, or into a folder above it."""
    for read in (Path(expand_home(place.partition("?")[0])).resolve() for place in inputs if place and place != "-"):
        for sink in sinks:
            written = Path(expand_home(sink.partition(":")[2].partition("?")[0] or sink)).resolve()
            if written == read or (read.is_dir() and read.is_relative_to(written)):
                raise UsageError(f"{sink}: would write over {read}", remedy="name another place")
