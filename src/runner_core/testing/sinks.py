"""What sinks and their writers promise (``contracts.Sink``, ``contracts.Writer``)."""

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
from runner_core.testing.check import Check, demand, demand_members, demand_refusal
from runner_core.testing.files import count_bytes, list_open_files
from runner_core.testing.samples import sample_results


class _Stop(Exception):  # noqa: N818  # stands for a user's Ctrl-C
    pass


@attrs.frozen
class SinkCase:
    """Checks a sink.

    ``make``        the plugin's target: called with a location, it returns a Sink.
    ``location``    where it can write. It is opened several times; others are tried beside it.
    ``unwritable``  where it cannot write; if None, a path below a file, named as ``location`` is.
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
    """A sink has open, which gives a writer with write and finish."""
    sink = case.make(case.location)
    demand_members(sink, Sink)
    with sink.open() as writer:
        demand_members(writer, Writer)


def refuses_where_it_cannot_write(case: SinkCase) -> None:
    """Opening where it cannot write raises SinkError, on one line that names the place, before the first frame."""
    with _unwritable(case) as location:
        demand_refusal(lambda: _open(case, location), SinkError, f"opening {location}", naming=Path(location).name)


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


def accepts_every_result(case: SinkCase) -> None:
    """Write accepts every result: boxes, masks, keypoints, class maps, nothing, failures, unreadable pictures."""
    for result in sample_results():
        case.write([result])
    case.write(sample_results())


def accepts_an_empty_run(case: SinkCase) -> None:
    """A run without frames opens, finishes and closes as any other run."""
    case.write([])


def can_write_again(case: SinkCase) -> None:
    """The same location can be written again, also by the same sink."""
    sink = case.make(case.location)
    for _ in range(2):
        with sink.open() as writer:
            writer.write(sample_results()[0])
            writer.finish({})


def lets_exceptions_through(case: SinkCase) -> None:
    """An exception inside the with block leaves it unchanged."""
    try:
        case.break_off(sample_results()[:2])
    except _Stop:
        return
    demand(False, "the exception is suppressed: let it through")


def leaves_no_file_open(case: SinkCase) -> None:
    """A sink leaves no file open, at the end of a run and after an exception."""
    before = list_open_files()
    case.write(sample_results())
    _demand_no_open_file(before, "at the end of a run")
    _break_off_run(case)
    _demand_no_open_file(before, "after an exception")


def _demand_no_open_file(before: Sequence[str], when: str) -> None:
    still_open = sorted(set(list_open_files()) - set(before))
    demand(not still_open, f"{', '.join(still_open)} is open {when}: close it")


def _break_off_run(case: SinkCase, location: str | None = None) -> None:
    with suppress(_Stop):
        case.break_off(sample_results()[:2], location=location)


def keeps_what_was_written(case: SinkCase) -> None:
    """If a sink writes files, what was written before an exception is on disk."""
    whole, part = _sibling_location(case.location, "whole"), _sibling_location(case.location, "part")
    case.write(sample_results()[:2], location=whole)
    _break_off_run(case, part)
    kept = count_bytes(Path(part)) > 0 or count_bytes(Path(whole)) == 0
    demand(kept, f"after two results and an exception, {part} is empty")


def _sibling_location(location: str, word: str) -> str:
    path = Path(location)
    return str(path.with_name(f"{path.stem}-{word}{path.suffix}")) if path.name and not location.isdigit() else location


check_sink = Check(
    SinkCase,
    has_the_methods_of_a_sink,
    refuses_where_it_cannot_write,
    accepts_every_result,
    accepts_an_empty_run,
    can_write_again,
    lets_exceptions_through,
    leaves_no_file_open,
    keeps_what_was_written,
)
