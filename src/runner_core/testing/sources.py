"""What sources promise (``contracts.Source``)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import attrs

from runner_core.contracts import Source
from runner_core.errors import ImageError, SourceError
from runner_core.frames.frame import Frame
from runner_core.testing.check import Check, allow_only, demand, demand_members, demand_refusal
from runner_core.testing.files import list_open_files
from runner_core.util.location import redact_url, without_options


@attrs.frozen
class SourceCase:
    """Checks a source.

    ``make``      the plugin's target: called with a location, it returns a Source.
    ``location``  where there are frames: at least one, better three.
    ``missing``   where there is nothing; if None, ``location`` with ``.missing`` after it, before its options.
    ``limit``     how many frames are read: a camera has no end.
    """

    make: Callable[[str], Source]
    location: str = attrs.field(converter=str)
    missing: str | None = None
    limit: int = 8

    def __str__(self) -> str:
        return f"{getattr(self.make, '__name__', self.make)} at {self.location}"

    def read(self, source: Source | None = None) -> list[Frame]:
        """The first frames."""
        return list(islice((source or self.make(self.location)).frames(), self.limit))


def has_the_methods_of_a_source(case: SourceCase) -> None:
    """A source has frames, and live is True or False."""
    source = case.make(case.location)
    demand_members(source, Source)
    demand(isinstance(source.live, bool), f"live is {source.live!r}, not True or False")


def numbers_frames_from_zero(case: SourceCase) -> None:
    """Frames yields Frames with the indices 0, 1, 2, ... without a gap."""
    frames = case.read()
    demand(bool(frames), "there is no frame")
    demand(all(isinstance(frame, Frame) for frame in frames), f"one is a {type(frames[0]).__name__}, not a Frame")
    indices = [frame.index for frame in frames]
    demand(indices == list(range(len(frames))), f"the indices are {indices}")


def names_its_frames(case: SourceCase) -> None:
    """Every frame has a source, and a time if the source is live."""
    for frame in case.read():
        named = isinstance(frame.source, str) and bool(frame.source)
        demand(named, f"the source of frame {frame.index} is {frame.source!r}, not a text")
        timed = frame.time is not None or not case.make(case.location).live
        demand(timed, f"frame {frame.index} of a live source has no time")


def gives_readable_frames(case: SourceCase) -> None:
    """A frame has pixels, or raises ImageError and nothing else when they are read."""
    for frame in case.read():
        allow_only(lambda frame=frame: frame.pixels, ImageError, f"reading {frame.source}")  # type: ignore[misc]


def starts_again(case: SourceCase) -> None:
    """Calling frames again starts again at index 0, with the same frames unless the source is live."""
    source = case.make(case.location)
    first, second = case.read(source), case.read(source)
    demand(bool(second) and second[0].index == 0, "the second call gives no frame with index 0")
    if not source.live:
        before, after = _describe_frames(first), _describe_frames(second)
        demand(before == after, f"first {before}, then {after}")


def _describe_frames(frames: list[Frame]) -> list[tuple[str, int, float | None]]:
    return [(frame.source, frame.index, frame.time) for frame in frames]


def refuses_a_missing_location(case: SourceCase) -> None:
    """Making the source, or reading frames, raises SourceError naming a location where nothing can be read."""
    place = without_options(case.location)
    beside = f"{place}.missing{case.location.removeprefix(place)}"
    location = beside if case.missing is None else case.missing
    naming = redact_url(without_options(location))
    demand_refusal(lambda: case.read(case.make(location)), SourceError, f"reading {location}", naming=naming)


def leaves_no_file_open(case: SourceCase) -> None:
    """A source leaves no file open, whether it is left after one frame or read to the end."""
    before = list_open_files()
    frames = case.make(case.location).frames()
    next(iter(frames))
    getattr(frames, "close", lambda: None)()
    case.read()
    still_open = sorted(set(list_open_files()) - set(before))
    demand(not still_open, f"{', '.join(still_open)} is still open: close it when the generator is closed")


check_source = Check(
    SourceCase,
    has_the_methods_of_a_source,
    numbers_frames_from_zero,
    names_its_frames,
    gives_readable_frames,
    starts_again,
    refuses_a_missing_location,
    leaves_no_file_open,
)
