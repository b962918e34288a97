"""Replay: the answers of an earlier run written to sinks again, without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack

from runner_core.contracts import HasDraws, Sink
from runner_core.errors import ImageError, SourceError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.find_pictures import FrameLookup, NoPictures
from runner_core.pipeline.records import Record, RowFilter
from runner_core.pipeline.summary import Summary
from runner_core.results.result import Failure, Result
from runner_core.util.interrupts import check_interrupt


def replay(
    records: Iterable[Record | Failure],
    sinks: Sequence[Sink],
    *,
    pictures: FrameLookup | None = None,
    rows: RowFilter | None = None,
    report: Callable[[str], None] = print,
) -> Summary:
    """Writes every record to every sink, with its picture and the rows that ``rows`` keeps.

    A line that is not a record, and a record whose picture is not found, are given to ``report`` and left out. Raises
    SinkError, and UsageError if a sink draws and there are no pictures.
    """
    if pictures is None and any(isinstance(sink, HasDraws) and sink.draws for sink in sinks):
        raise UsageError("a sink draws, and there are no pictures", remedy="give --video CLIP or --pictures DIR")
    summary = Summary()
    with ExitStack() as stack:
        writers = [stack.enter_context(sink.open()) for sink in sinks]
        for result in _read_results(records, pictures or NoPictures(), rows or RowFilter(), report):
            check_interrupt()
            summary.add(result)
            for writer in writers:
                writer.write(result)
            result.frame.forget()
        for writer in writers:
            writer.finish(summary.to_json())
    return summary


def _read_results(
    records: Iterable[Record | Failure], pictures: FrameLookup, rows: RowFilter, report: Callable[[str], None]
) -> Iterator[Result]:
    for record in records:
        if isinstance(record, Failure):
            report(record.message)
            continue
        try:
            frame = _restore_frame(pictures.find(record) if record.size else NoPictures().find(record), record)
        except (ImageError, SourceError) as error:
            report(str(error))
        else:
            yield Result(frame, rows.apply(record.entries), record.error)


def _restore_frame(frame: Frame, record: Record) -> Frame:
    """The frame, named and timed as in the run. Raises ImageError, and SourceError if it is another picture."""
    if record.size and frame.size != record.size:
        sizes = " and ".join(f"{width} x {height}" for width, height in (frame.size, record.size))
        raise SourceError(f"{frame.source}: not the picture of the answers: the sizes are {sizes}")
    frame.source, frame.index, frame.time = record.source, record.index, record.time
    return frame
