"""Outlets: the sinks of a run, which are written, marked, finished and closed together."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import attrs

from runner_core.contracts import (
    HasDraws,
    HasFiles,
    HasFolder,
    HasPlaces,
    HasResume,
    MarkedWriter,
    Sink,
    Source,
    Writer,
)
from runner_core.pipeline.journal import Journal
from runner_core.pipeline.sources_sinks import Writable, open_sinks, sink_names_of
from runner_core.pipeline.summary import Summary
from runner_core.results.result import Result
from runner_core.util.delay_signals import uninterrupted
from runner_core.util.leftovers import find_leftovers

log = logging.getLogger("runner")


@attrs.frozen
class Outlet:
    """A sink and its name in a run.

    ``keeps``      whether something of it stays: all that keep anything have the same results when a run ends.
    ``resumable``  whether it can go on where a run was stopped.
    """

    name: str
    sink: Sink

    @property
    def places(self) -> Sequence[Path]:
        return self.sink.places if isinstance(self.sink, HasPlaces) else ()

    @property
    def keeps(self) -> bool:
        folder = self.sink.folder if isinstance(self.sink, HasFolder) else None
        return bool(folder) or any(path.is_file() or path.is_dir() or not path.exists() for path in self.places)

    @property
    def resumable(self) -> bool:
        return isinstance(self.sink, HasResume) and self.sink.resumable and bool(self.places)

    def open(self, checkpoints: Iterable[Any] | None) -> AbstractContextManager[Writer]:
        """Behind these checkpoints; None if the run keeps no journal."""
        if checkpoints is not None and isinstance(self.sink, HasResume):
            return _ClosedWhole(self.sink.resume(checkpoints))
        return _ClosedWhole(self.sink.open()) if self.keeps else self.sink.open()


class _ClosedWhole(AbstractContextManager[Writer]):
    """Closed without being interrupted, since files are moved to their places then."""

    def __init__(self, context: AbstractContextManager[Writer]) -> None:
        self._context = context

    def __enter__(self) -> Writer:
        return self._context.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        with uninterrupted():
            return self._context.__exit__(kind, error, trace)


class Outlets:
    """Those of a run, in the order in which they were given."""

    def __init__(self, outlets: Iterable[Outlet]) -> None:
        self._outlets = tuple(outlets)

    @classmethod
    def of(cls, sinks: Sequence[Writable] | Mapping[str, Sink], reading: Source, inputs: Sequence[str] = ()) -> Outlets:
        """From what is given to a run; raises as ``open_sinks`` does."""
        if isinstance(sinks, Mapping):
            return cls(Outlet(name, sink) for name, sink in sinks.items())
        opened = open_sinks(sinks, reading=reading, inputs=inputs)
        return cls(map(Outlet, sink_names_of(sinks), opened))

    def __iter__(self) -> Iterator[Outlet]:
        return iter(self._outlets)

    def must_draw(self, reading: Source) -> bool:
        """Whether one draws; says once what that changes, if there are JPEGs, which are decoded smaller without it."""
        drawing = [each.name for each in self._outlets if isinstance(each.sink, HasDraws) and each.sink.draws]
        files = reading.files if isinstance(reading, HasFiles) else ()
        if drawing and any(file.lower().endswith((".jpg", ".jpeg")) for file in files):
            log.info("%s draws: JPEGs are decoded whole, as with --exact, which changes answers a little", drawing[0])
        return bool(drawing)

    @property
    def resumable(self) -> tuple[Outlet, ...]:
        return tuple(each for each in self._outlets if each.resumable)

    @contextmanager
    def open(self, journal: Journal | None) -> Iterator[OpenOutlets]:
        """All of them, behind what the journal says; each is closed in any case."""
        _tell_leftovers(self._outlets)
        with ExitStack() as stack:
            writers = []
            for outlet in self._outlets:
                checkpoints = journal.read_checkpoints(outlet.name) if journal and outlet.resumable else None
                writers.append((outlet, stack.enter_context(outlet.open(checkpoints))))
            yield OpenOutlets(writers, journal)


def _tell_leftovers(outlets: Iterable[Outlet]) -> None:
    """Says what killed runs left beside a file that is written; of folders, which may be large, nothing."""
    for place in [place for outlet in outlets for place in outlet.places if not place.is_dir()]:
        left = [each.path.name for each in find_leftovers(place, random_only=True) if each.is_free]
        if left:
            command = f"`runner clean {shlex.quote(str(place))}` removes it"
            log.warning("%s: a run that was killed left %s beside it; %s", place, ", ".join(left), command)


class OpenOutlets:
    """Writers. Those that keep something take a result without being interrupted; the others may wait long for it."""

    def __init__(self, writers: Sequence[tuple[Outlet, Writer]], journal: Journal | None) -> None:
        self._passing = [(outlet.name, writer) for outlet, writer in writers if not outlet.keeps]
        self._keeping = [(outlet.name, writer) for outlet, writer in writers if outlet.keeps]
        self._marked = {outlet.name: cast(MarkedWriter, writer) for outlet, writer in writers if outlet.resumable}
        self._journal = journal

    def write(self, result: Result, summary: Summary) -> None:
        """Gives the result to every sink, and counts it. Raises SinkError."""
        summary.profile.add_result(result)
        with uninterrupted():
            if self._journal:
                self._journal.begun = True
            self._write_each(self._keeping, result, summary)
            summary.count(result)
            if self._journal:
                self._journal.add(result)
                if self._journal.is_due:
                    self._mark(summary)
        self._write_each(self._passing, result, summary)
        summary.profile.add_frame(result.frame)

    def finish(self, summary: Summary) -> None:
        """Tells every sink how the run ended. Raises SinkError."""
        counts = summary.to_json()
        with uninterrupted():
            if self._journal:
                self._journal.begun = True
            self._mark(summary)
            for _, writer in self._keeping:
                writer.finish(counts)
        for _, writer in self._passing:
            writer.finish(counts)

    def _mark(self, summary: Summary) -> None:
        if self._journal and self._journal.has_news:
            self._journal.write_entry({name: writer.checkpoint() for name, writer in self._marked.items()}, summary)

    @staticmethod
    def _write_each(writers: Sequence[tuple[str, Writer]], result: Result, summary: Summary) -> None:
        for name, writer in writers:
            with summary.profile.time_sink(name):
                writer.write(result)
