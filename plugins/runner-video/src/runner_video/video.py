"""VideoSource: the pictures of a video file, each at its own time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

from runner_core.errors import SourceError, UsageError
from runner_core.frames import Frame
from runner_core.util import redact_url
from runner_video.background import iterate_in_background
from runner_video.decode import decode_shots, seek
from runner_video.ffmpeg_input import FAULTS, Input
from runner_video.options import COUNT, RATE, SECONDS, split_options, warn_of_misspellings
from runner_video.sampler import FrameSampler
from runner_video.shot import Shot

OPTIONS = {"stride": COUNT, "max_fps": RATE, "start": SECONDS, "end": SECONDS}
_PIPE = "pipe:0"  # FFmpeg's name of standard input
TIMEOUT = 10.0  # seconds that a web server may take


class VideoSource:
    """Every picture of the file in order, or those that options select: ``clip.mp4?stride=2&start=1.5&end=9``.

    ``video:-`` is a video on standard input.

    ``stride``   keeps every ``stride``-th picture.
    ``max_fps``  keeps at most this many pictures a second of the video.
    ``start``, ``end``  in seconds: pictures before ``start`` and from ``end`` on are left out.

    A picture's ``time`` is what the file says, in seconds from its first picture; it is rotated and mirrored as the
    file says. A damaged picture is a Frame that raises ImageError. A file that is cut short gives what is there, and
    then raises SourceError.
    """

    live: bool = False

    def __init__(self, location: str | os.PathLike[str]) -> None:
        place, options = _split_location(os.fspath(location))
        self.input = (
            Input(place, name=redact_url(place), timeout=TIMEOUT)
            if "://" in place
            else Input(_PIPE if place == "-" else place, name=place, faults=FAULTS)
        )
        self.stride: int = options.get("stride", 1)
        self.max_fps: float | None = options.get("max_fps")
        self.start: float = options.get("start", 0.0)
        self.end: float = options.get("end", math.inf)
        if self.end <= self.start:
            raise UsageError(f"{self.input.name}: it ends at {self.end} s, before it starts")

    @property
    def total(self) -> int | None:
        """How many frames there will be, if the file says so and all of it is wanted. Raises SourceError."""
        if not ("://" in self.input.place or self._is_file):
            return None  # what is read from a pipe is gone
        counted = next(self._counts() if self._is_file else iterate_in_background(self._counts()))
        return math.ceil(counted / self.stride) or None

    def frames(self) -> Iterator[Frame]:
        """Raises SourceError if there is no video, no picture in the selected part, or the end is missing."""
        sampler = FrameSampler(self.stride, self.max_fps)
        index = -1
        # FFmpeg cannot be interrupted while it waits, and of what is not a file it may wait for long.
        shots = self._shots() if self._is_file else iterate_in_background(self._shots())
        for shot, time in shots:
            if sampler.keeps(time):
                index += 1
                yield shot.frame(self.input.name, index, time)
        if index < 0:
            raise SourceError(f"{self.input.name}: no picture from {self.start:g} s on", remedy="check start= and end=")

    @property
    def _is_file(self) -> bool:
        return os.path.isfile(self.input.place)  # noqa: PTH113  # any text may be given

    def _counts(self) -> Iterator[int]:
        """One: how many pictures the file says there are, or 0."""
        with self.input.open() as (_, track):
            yield track.frames if (self.start, self.end, self.max_fps) == (0.0, math.inf, None) else 0

    def _shots(self) -> Iterator[tuple[Shot, float]]:
        """Those from ``start`` to ``end``."""
        with self.input.open() as (container, track):
            if self.start:
                seek(container, track, self.start)
            for shot, time in decode_shots(self.input.name, container, track):
                if time >= self.end:
                    return
                if time >= self.start:
                    yield shot, time


def _split_location(location: str) -> tuple[str, dict[str, Any]]:
    """The file and the options; a file may have a question mark in its name."""
    if os.path.exists(location):  # noqa: PTH110  # any text may be given
        return location, {}
    place, options = split_options(location, OPTIONS, foreign="://" in location)
    warn_of_misspellings(place, OPTIONS)
    return place, options
