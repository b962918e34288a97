"""What a source promises (``contracts.Source``)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import attrs

from runner_core.contracts import Source
from runner_core.errors import ImageError, SourceError
from runner_core.frames.frame import Frame
from runner_core.testing.check import Check, at_most, demand, refused
from runner_core.testing.files import open_files


@attrs.frozen
class SourceCase:
    """Checks a source.

    ``make``      the plugin's target: called with a location, it gives a Source.
    ``location``  where there are frames, at least one, better three.
    ``missing``   where there is nothing; where None, ``location`` with ``.missing`` behind it.
    ``limit``     how many frames are looked at: a camera has no end.
    """

    make: Callable[[str], Source]
    location: str = attrs.field(converter=str)
    missing: str | None = None
    limit: int = 8

    def __str__(self) -> str:
        return f"{getattr(self.make, '__name__', self.make)} at {self.location}"

    def look(self, source: Source | None = None) -> list[Frame]:
        """The first frames."""
        return list(islice((source or self.make(self.location)).frames(), self.limit))


def has_the_methods_of_a_source(case: SourceCase) -> None:
    """A source has frames, and live is True or False."""
    source = case.make(case.location)
    demand(isinstance(source, Source), f"{type(source).__name__} lacks one")
    demand(isinstance(source.live, bool), f"live is {source.live!r}")


def counts_from_nought(case: SourceCase) -> None:
    """Frames are Frames, their indices 0, 1, 2, ... without a gap."""
    frames = case.look()
    demand(bool(frames), "there is no frame")
    demand(all(isinstance(frame, Frame) for frame in frames), f"one is a {type(frames[0]).__name__}")
    indices = [frame.index for frame in frames]
    demand(indices == list(range(len(frames))), f"they are {indices}")


def names_its_frames(case: SourceCase) -> None:
    """Every frame says where it came from, and its time where it is live."""
    for frame in case.look():
        demand(isinstance(frame.source, str) and bool(frame.source), f"frame {frame.index} has source {frame.source!r}")
        timed = frame.time is not None or not case.make(case.location).live
        demand(timed, f"frame {frame.index} of a live source has no time")


def gives_frames_that_can_be_read(case: SourceCase) -> None:
    """A frame has pixels, or raises ImageError when they are asked for, and nothing else."""
    for frame in case.look():
        at_most(lambda frame=frame: frame.pixels, ImageError, f"reading {frame.source}")  # type: ignore[misc]


def starts_anew(case: SourceCase) -> None:
    """Calling frames again starts again at index 0; of what is not live, with the same frames."""
    source = case.make(case.location)
    first, second = case.look(source), case.look(source)
    demand(bool(second) and second[0].index == 0, "the second time there is no frame with index 0")
    if not source.live:
        demand(_told(first) == _told(second), f"first {_told(first)}, then {_told(second)}")


def _told(frames: list[Frame]) -> list[tuple[str, int, float | None]]:
    return [(frame.source, frame.index, frame.time) for frame in frames]


def refuses_what_is_missing(case: SourceCase) -> None:
    """Where nothing can be read, making the source or asking for frames raises SourceError, naming it."""
    location = f"{case.location}.missing" if case.missing is None else case.missing
    refused(lambda: case.look(case.make(location)), SourceError, f"reading {location}", naming=location)


def can_be_left_early(case: SourceCase) -> None:
    """A source that is left after one frame, or read to the end, leaves no file open."""
    before = open_files()
    frames = case.make(case.location).frames()
    next(iter(frames))
    getattr(frames, "close", lambda: None)()
    case.look()
    left = sorted(set(open_files()) - set(before))
    demand(not left, f"{', '.join(left)} is open")


check_source = Check(
    SourceCase,
    has_the_methods_of_a_source,
    counts_from_nought,
    names_its_frames,
    gives_frames_that_can_be_read,
    starts_anew,
    refuses_what_is_missing,
    can_be_left_early,
)
