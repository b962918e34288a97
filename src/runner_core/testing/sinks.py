"""What sinks and their writers promise (``contracts.Sink``, ``contracts.Writer``)."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import attrs

from runner_core.contracts import HasPlaces, HasResume, MarkedWriter, Sink, Writer
from runner_core.errors import SinkError
from runner_core.pipeline.summary import Summary
from runner_core.results.result import Result
from runner_core.testing.check import Check, demand, demand_members, demand_refusal
from runner_core.testing.files import count_bytes, list_open_files
from runner_core.testing.samples import sample_results
from runner_core.util.location import is_address, redact_url, without_options


class _Stop(Exception):  # noqa: N818  # stands for a user's Ctrl-C
    pass


@attrs.frozen
class SinkCase:
    """Checks a sink.

    ``make``        the plugin's target: called with a location, it returns a Sink.
    ``location``    where it can write. It is opened several times; others are tried beside it.
    ``unwritable``  where it cannot write; if None, a path below a file, named as ``location`` is. An address needs one.
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

    @property
    def is_resumable(self) -> bool:
        sink = self.make(self.location)
        if not isinstance(sink, HasResume) or not sink.resumable:
            return False
        demand_members(sink, HasPlaces)
        return True

    def write_whole(self, folder: Path, results: Sequence[Result]) -> None:
        """A run that nobody stops."""
        with self.make(self._location_in(folder)).open() as writer:
            for result in results:
                writer.write(result)
            writer.finish({})

    def resume_in(self, folder: Path, checkpoints: Sequence[Any]) -> AbstractContextManager[MarkedWriter]:
        """The sink in a folder, behind these checkpoints."""
        sink = cast(HasResume, self.make(self._location_in(folder)))
        return sink.resume(iter(checkpoints))

    def go_on_in(self, folder: Path, checkpoints: Sequence[Any], results: Sequence[Result]) -> None:
        """The rest of a run that was stopped behind these checkpoints."""
        with self.resume_in(folder, checkpoints) as writer:
            for result in results:
                writer.write(result)
            writer.finish({})

    def _location_in(self, folder: Path) -> str:
        place = without_options(self.location)
        return str(folder / Path(place).name) + self.location.removeprefix(place)


def has_the_methods_of_a_sink(case: SinkCase) -> None:
    """A sink has open, which gives a writer with write and finish."""
    sink = case.make(case.location)
    demand_members(sink, Sink)
    with sink.open() as writer:
        demand_members(writer, Writer)


def refuses_where_it_cannot_write(case: SinkCase) -> None:
    """Opening where it cannot write raises SinkError, on one line that names the place, before the first frame."""
    with _unwritable(case) as location:
        demand_refusal(lambda: _open(case, location), SinkError, f"opening {location}", naming=_name_of(location))


@contextmanager
def _unwritable(case: SinkCase) -> Iterator[str]:
    if case.unwritable is not None:
        yield case.unwritable
        return
    remedy = "give the check `unwritable=`, one where nothing can be written"
    demand(not is_address(case.location), f"{case.location} is an address, beside which no other is known: {remedy}")
    with tempfile.NamedTemporaryFile() as file:
        yield case._location_in(Path(file.name))


def _name_of(location: str) -> str:
    """What a message must name: the end of a path, or a whole address without its secrets."""
    place = without_options(location)
    return redact_url(place) if is_address(place) else Path(place).name


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
    if is_address(case.location):  # what it sends is nowhere to be seen
        return
    whole, part = _sibling_location(case.location, "whole"), _sibling_location(case.location, "part")
    case.write(sample_results()[:2], location=whole)
    _break_off_run(case, part)
    files, stopped = Path(without_options(whole)), Path(without_options(part))
    kept = count_bytes(stopped) > 0 or count_bytes(files) == 0
    demand(kept, f"after two results and an exception, {part} is empty")


def goes_on_where_a_run_was_killed(case: SinkCase) -> None:
    """A resumable sink holds in the end what a run leaves that was never stopped, wherever it was killed."""
    results = sample_results()
    for count in range(len(results)) if case.is_resumable else ():
        with _folders() as (whole, stopped, resumed):
            case.write_whole(whole, results)
            with suppress(_Stop), case.resume_in(stopped, ()) as writer:
                checkpoints = _write_marked(writer, results[:count])
                writer.write(results[count])
                shutil.copytree(stopped, resumed)  # as a kill leaves it
                raise _Stop
            case.go_on_in(resumed, checkpoints, results[count:])
            _demand_same_files(whole, resumed, f"killed behind {count} checkpoints")


def goes_on_behind_a_run_that_has_ended(case: SinkCase) -> None:
    """A resumable sink takes the results of one more run as if there had been one run."""
    results = sample_results()
    for count in range(1, len(results) + 1) if case.is_resumable else ():
        with _folders() as (whole, resumed, _):
            case.write_whole(whole, results)
            with case.resume_in(resumed, ()) as writer:
                checkpoints = _write_marked(writer, results[:count])
                writer.finish({})
            case.go_on_in(resumed, checkpoints, results[count:])
            _demand_same_files(whole, resumed, f"ended behind {count} results")


def refuses_to_go_on_with_what_is_gone(case: SinkCase) -> None:
    """A resumable sink raises SinkError, on one line that names the place, if what it wrote is not there any more."""
    if not case.is_resumable:
        return
    with _folders() as (written, empty, _):
        with case.resume_in(written, ()) as writer:
            checkpoints = _write_marked(writer, sample_results())
        naming = Path(without_options(case.location)).name
        demand_refusal(lambda: case.go_on_in(empty, checkpoints, []), SinkError, "resuming", naming=naming)


@contextmanager
def _folders() -> Iterator[tuple[Path, Path, Path]]:
    """Two that are empty, and a path where nothing is."""
    with tempfile.TemporaryDirectory() as place:
        one, other, free = (Path(place, name) for name in ("one", "other", "free"))
        one.mkdir()
        other.mkdir()
        yield one, other, free


def _write_marked(writer: MarkedWriter, results: Sequence[Result]) -> list[Any]:
    """The checkpoint behind each result, as it is read back from a journal."""
    checkpoints = []
    for result in results:
        writer.write(result)
        checkpoints.append(json.loads(json.dumps(writer.checkpoint())))
    return checkpoints


def _demand_same_files(whole: Path, resumed: Path, when: str) -> None:
    expected, found = _read_files(whole), _read_files(resumed)
    different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    demand(not different, f"{when}, {', '.join(different)} is not in the end what it is without a stop")


def _read_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _sibling_location(location: str, word: str) -> str:
    place = without_options(location)
    path = Path(place)
    if not path.name or place.isdigit():
        return location
    return str(path.with_name(f"{path.stem}-{word}{path.suffix}")) + location.removeprefix(place)


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
    goes_on_where_a_run_was_killed,
    goes_on_behind_a_run_that_has_ended,
    refuses_to_go_on_with_what_is_gone,
)
