"""What a sink and its writers promise (``contracts.Sink``, ``contracts.Writer``)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from runner_core.contracts import Sink, Writer
from runner_core.errors import SinkError
from runner_core.pipeline.summary import Summary
from runner_core.results.result import Result
from runner_core.testing.check import Check, demand, refused
from runner_core.testing.files import bytes_at, open_files
from runner_core.testing.samples import sample_results


class _Stop(Exception):  # noqa: N818  # what a user's Ctrl-C is to a sink
    pass


@attrs.frozen
class SinkCase:
    """Checks a sink.

    ``make``        the plugin's target: called with a location, it gives a Sink.
    ``location``    where it can write. It is opened several times; others are tried beside it.
    ``unwritable``  where it cannot; where None, a path below a file, named as ``location`` is.
    """

    make: Callable[[str], Sink]
    location: str = attrs.field(converter=str)
    unwritable: str | None = None

    def __str__(self) -> str:
        return f"{getattr(self.make, '__name__', self.make)} at {self.location}"

    def write(self, results: Sequence[Result], *, location: str | None = None) -> None:
        """A whole run."""
        summary = Summary()
        with self.make(location or self.location).open() as writer:
            for result in results:
                summary.add(result)
                writer.write(result)
            writer.finish(summary.to_json())

    def break_off(self, results: Sequence[Result], *, location: str | None = None) -> None:
        """A run that ends by an exception after these results."""
        with self.make(location or self.location).open() as writer:
            for result in results:
                writer.write(result)
            raise _Stop


def has_the_methods_of_a_sink(case: SinkCase) -> None:
    """A sink has open, and gives a writer with write and finish."""
    sink = case.make(case.location)
    demand(isinstance(sink, Sink), f"{type(sink).__name__} has no open")
    with sink.open() as writer:
        demand(isinstance(writer, Writer), f"{type(writer).__name__} lacks one")


def refuses_where_it_cannot_write(case: SinkCase) -> None:
    """Opening where it cannot write raises SinkError, on one line that names the place, before the first frame."""
    with _unwritable(case) as location:
        refused(lambda: _open(case, location), SinkError, f"opening {location}", naming=Path(location).name)


@contextmanager
def _unwritable(case: SinkCase) -> Iterator[str]:
    if case.unwritable is not None:
        yield case.unwritable
        return
    with tempfile.NamedTemporaryFile() as file:
        yield str(Path(file.name) / Path(case.location).name)


def _open(case: SinkCase, location: str) -> None:
    with case.make(location).open():
        pass


def takes_every_result(case: SinkCase) -> None:
    """Write takes every result: boxes, masks, keypoints, class maps, nothing, failures, unreadable pictures."""
    for result in sample_results():
        case.write([result])
    case.write(sample_results())


def takes_a_run_of_nothing(case: SinkCase) -> None:
    """A run without a frame opens, finishes and closes like any other."""
    case.write([])


def writes_again(case: SinkCase) -> None:
    """The same location can be written again, by the same sink too."""
    sink = case.make(case.location)
    for _ in range(2):
        with sink.open() as writer:
            writer.write(sample_results()[0])
            writer.finish({})


def lets_exceptions_through(case: SinkCase) -> None:
    """An exception inside the block comes out of it as it is."""
    try:
        case.break_off(sample_results()[:2])
    except _Stop:
        return
    demand(False, "it is swallowed")


def closes_on_every_way_out(case: SinkCase) -> None:
    """A sink leaves no file open, neither at the end of a run nor after an exception."""
    before = open_files()
    case.write(sample_results())
    _demand_closed(before, "at the end of a run")
    _break_off(case)
    _demand_closed(before, "after an exception")


def _demand_closed(before: Sequence[str], when: str) -> None:
    left = sorted(set(open_files()) - set(before))
    demand(not left, f"{', '.join(left)} is open {when}")


def _break_off(case: SinkCase, location: str | None = None) -> None:
    with suppress(_Stop):
        case.break_off(sample_results()[:2], location=location)


def keeps_what_was_finished(case: SinkCase) -> None:
    """What was written before an exception is on disk, for a sink that writes files."""
    whole, part = _beside(case.location, "whole"), _beside(case.location, "part")
    case.write(sample_results()[:2], location=whole)
    _break_off(case, part)
    kept = bytes_at(Path(part)) > 0 or bytes_at(Path(whole)) == 0
    demand(kept, f"after two results and an exception, {part} is empty")


def _beside(location: str, word: str) -> str:
    path = Path(location)
    return str(path.with_name(f"{path.stem}-{word}{path.suffix}")) if path.name and not location.isdigit() else location


check_sink = Check(
    SinkCase,
    has_the_methods_of_a_sink,
    refuses_where_it_cannot_write,
    takes_every_result,
    takes_a_run_of_nothing,
    writes_again,
    lets_exceptions_through,
    closes_on_every_way_out,
    keeps_what_was_finished,
)
