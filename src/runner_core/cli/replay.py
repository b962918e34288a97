"""``runner replay``: the answers of a run drawn, filtered and converted anew, without any model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from runner_core.cli.console import print_message
from runner_core.cli.run import STANDARD_OUTPUT
from runner_core.cli.tables import print_summary
from runner_core.errors import UsageError
from runner_core.pipeline.find_pictures import FrameLookup, NamedPictures, TimedPictures
from runner_core.pipeline.records import Record, RowFilter, read_records
from runner_core.pipeline.replay import replay
from runner_core.pipeline.sources_sinks import open_sinks, open_source
from runner_core.results.result import Failure
from runner_core.util.location import redact_url


@click.command(name="replay")
@click.argument("answers")
@click.option("--video", metavar="CLIP", help="The video that the answers are of.")
@click.option("--pictures", metavar="DIR", help="The pictures that the answers are of: a folder, a glob, a list.")
@click.option("--conf", type=click.FloatRange(0, 1), help="Least score of an instance.")
@click.option("--classes", metavar="A,B", help="Only these labels.")
@click.option("--max-det", type=click.IntRange(1), help="At most so many instances a brain and frame.")
@click.option("--source", metavar="NAME", help="Only the frames of this source, as the answers name it.")
@click.option(
    "--sink", "-s", "sinks", multiple=True, metavar="NAME:PATH",
    help="Where answers go, as for `runner run`. Without one, or for -: JSON lines on standard output.",
)  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="No table.")
def command(
    answers: str, video: str | None, pictures: str | None, conf: float | None, classes: str | None,
    max_det: int | None, source: str | None, sinks: tuple[str, ...], quiet: bool,
) -> int:  # fmt: skip
    """Hand ANSWERS, the JSON lines of a run (- is standard input), to sinks once more.

    Sinks that draw need the pictures: those of a video are found by their times, others by their names.
    """
    sinks = sinks or STANDARD_OUTPUT[:1]
    _check_outputs((answers, video, pictures), sinks)
    asked = frozenset(name.strip() for name in classes.split(",")) if classes else None
    seen: set[str] = set()
    complain = Complaints()
    with _open_answers(answers) as lines:
        records = _note_labels(_filter_by_source(read_records(lines, answers), source), seen)
        found = _open_pictures(video, pictures)
        summary = replay(
            records, open_sinks(sinks), pictures=found, rows=RowFilter(conf, asked, max_det), report=complain
        )
    if not summary.frames and not complain.count:
        raise UsageError(f"{answers}: no answers{f' for {source}' if source else ''}")
    for name in sorted((asked or frozenset()) - seen):
        complain(f"{answers}: nothing in it is called {name}")
    if not quiet and set(STANDARD_OUTPUT).isdisjoint(sinks):
        print_summary(summary, when="in the run")
    return 1 if complain.count else 0


class Complaints:
    """What cannot be replayed, said on standard error and counted."""

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
        raise UsageError(f"{redact_url(place)}: what a live source showed is gone", remedy="give a video of it")
    return TimedPictures(source, place) if video else NamedPictures(source, place)


def _filter_by_source(records: Iterator[Record | Failure], source: str | None) -> Iterator[Record | Failure]:
    return (record for record in records if source is None or isinstance(record, Failure) or record.source == source)


def _note_labels(records: Iterator[Record | Failure], seen: set[str]) -> Iterator[Record | Failure]:
    """The records, while the names in them are noted."""
    for record in records:
        if isinstance(record, Record):
            seen.update(label.name for said in record.entries if not isinstance(said, Failure) for label in said.found)
        yield record


def _check_outputs(inputs: Sequence[str | None], sinks: Sequence[str]) -> None:
    """Raises UsageError where a sink would write over what is read, or among it."""
    for read in (Path(place.partition("?")[0]).resolve() for place in inputs if place and place != "-"):
        for sink in sinks:
            written = Path(sink.partition(":")[2].partition("?")[0] or sink).resolve()
            if written == read or (read.is_dir() and read.is_relative_to(written)):
                raise UsageError(f"{sink}: would write over {read}", remedy="name another place")
