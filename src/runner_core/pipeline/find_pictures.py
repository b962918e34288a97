"""FrameLookup: the pictures that a run looked at, found again for its records."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from pathlib import PurePath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import Source
from runner_core.errors import ImageError, SourceError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.records import Record

CLOSE = 0.002  # seconds: containers store times in ticks, of a thousandth at most


class FrameLookup(Protocol):
    """Where the pictures of records are found."""

    def find(self, record: Record) -> Frame:
        """The picture of a record. Raises SourceError if it is missing, UsageError if records do not identify it."""


class NoPictures:
    """Frames that have a size and no pixels."""

    def find(self, record: Record) -> Frame:
        """A frame that raises ImageError when its pixels are asked for."""

        def render() -> NDArray[np.uint8]:
            remedy = "give the pictures: --video CLIP or --pictures DIR"
            raise ImageError(f"{record.source}: there are answers but no picture", remedy=remedy)

        return Frame.from_function(render, record.size or (0, 0), source=record.source)


class NamedPictures:
    """Pictures by their names: the one whose path has the most last parts in common with the record's source."""

    def __init__(self, source: Source, place: str) -> None:
        self._place = place
        self._frames: dict[str, list[Frame]] = defaultdict(list)
        for frame in source.frames():
            self._frames[PurePath(frame.source).name].append(frame)

    def find(self, record: Record) -> Frame:
        candidates = self._frames.get(PurePath(record.source).name, [])
        shared = [_count_shared_parts(frame.source, record.source) for frame in candidates]
        best = [frame for frame, count in zip(candidates, shared, strict=True) if count == max(shared)]
        if len(best) > 1:  # URLs that differ only in their queries, which records leave out: by their order
            best = [frame for frame in best if (frame.source, frame.index) == (record.source, record.index)] or best
        if len(best) != 1:
            problem = "several pictures may be" if best else "there is no picture of"
            raise SourceError(f"{self._place}: {problem} {record.source}")
        return best[0]


def _count_shared_parts(one: str, other: str) -> int:
    parts = zip(reversed(PurePath(one).parts), reversed(PurePath(other).parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))


class TimedPictures:
    """Pictures of one video by their times.

    A video that the run wrote itself begins with the first frame that was answered, at whatever time that was. Raises
    SourceError if nothing of it can be read.
    """

    def __init__(self, source: Source, place: str) -> None:
        self._source, self._place = source, place
        self._camera: str | None = None
        self._offset = 0.0
        self._restart()

    def find(self, record: Record) -> Frame:
        if record.time is None:
            raise UsageError(f"{record.source} is a picture, not a frame of a video", remedy="give --pictures DIR")
        self._find_offset(record, record.time)
        time = record.time - self._offset
        if time < self._frame_time - CLOSE:
            self._restart()
        while self._frame is not None and self._frame_time < time - CLOSE:
            self._read_next()
        if self._frame is None or self._frame_time > time + CLOSE:
            raise SourceError(f"{self._place}: no picture at {time:.3f} s{self._broken}")
        return self._frame

    def _find_offset(self, record: Record, time: float) -> None:
        """At the first record: the time, in the run, at which the video begins."""
        if self._camera is None:
            self._camera = record.source
            times = (frame.time or 0.0 for frame in self._source.frames())
            if not any(abs(each - time) <= CLOSE for each in takewhile(lambda each: each <= time + CLOSE, times)):
                self._offset = time
        elif record.source != self._camera:
            remedy = f"choose one by --source, such as '{self._camera}'"
            raise UsageError(f"the answers are of several cameras, {self._place} shows one", remedy=remedy)

    def _restart(self) -> None:
        self._frames: Iterator[Frame] = iter(self._source.frames())
        self._frame: Frame | None = None
        self._broken = ""
        self._read_next()

    def _read_next(self) -> None:
        try:
            self._frame = next(self._frames, None)
        except SourceError as error:
            if self._frame is None:
                raise
            # cut short: the frames before are there
            self._frame, self._broken = None, f" ({error.message})"
        self._frame_time = math.inf if self._frame is None else self._frame.time or 0.0
