"""Matching: the pictures that a run looked at, found again for its records."""

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

CLOSE = 0.002  # seconds: containers keep times in ticks, the coarsest of them a thousandth


class FrameLookup(Protocol):
    """Where pictures are looked for."""

    def find(self, record: Record) -> Frame:
        """The picture of a record. Raises SourceError where it is not there, UsageError where it cannot be told."""


class NoPictures:
    """Frames that have a size and no pixels."""

    def find(self, record: Record) -> Frame:
        """A frame that says so when its pixels are asked for."""

        def render() -> NDArray[np.uint8]:
            raise ImageError(
                f"{record.source}: answers alone", remedy="give its pictures: --video CLIP, --pictures DIR"
            )

        return Frame.from_function(render, record.size or (0, 0), source=record.source)


class ByName:
    """Pictures by their names: the one whose path ends most like the record's source."""

    def __init__(self, source: Source, place: str) -> None:
        self._place = place
        self._frames: dict[str, list[Frame]] = defaultdict(list)
        for frame in source.frames():
            self._frames[PurePath(frame.source).name].append(frame)

    def find(self, record: Record) -> Frame:
        alike = self._frames.get(PurePath(record.source).name, [])
        shared = [_shared_parts(frame.source, record.source) for frame in alike]
        best = [frame for frame, count in zip(alike, shared, strict=True) if count == max(shared)]
        if len(best) > 1:  # URLs that differ in their queries, which no record has: their order tells them apart
            best = [frame for frame in best if (frame.source, frame.index) == (record.source, record.index)] or best
        if len(best) != 1:
            there = "several pictures may be" if best else "there is no picture of"
            raise SourceError(f"{self._place}: {there} {record.source}")
        return best[0]


def _shared_parts(one: str, other: str) -> int:
    parts = zip(reversed(PurePath(one).parts), reversed(PurePath(other).parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))


class ByTime:
    """Pictures of one video by their times.

    A video that the run wrote itself begins with the first frame that was answered, whenever that was. Raises
    SourceError where nothing of it can be read.
    """

    def __init__(self, source: Source, place: str) -> None:
        self._source, self._place = source, place
        self._camera: str | None = None
        self._offset = 0.0
        self._restart()

    def find(self, record: Record) -> Frame:
        if record.time is None:
            raise UsageError(f"{record.source} is a picture, not of a video", remedy="give --pictures DIR")
        self._settle(record, record.time)
        time = record.time - self._offset
        if time < self._shown - CLOSE:
            self._restart()
        while self._frame is not None and self._shown < time - CLOSE:
            self._advance()
        if self._frame is None or self._shown > time + CLOSE:
            raise SourceError(f"{self._place}: no picture at {time:.3f} s{self._broken}")
        return self._frame

    def _settle(self, record: Record, time: float) -> None:
        """At the first record: where the video begins."""
        if self._camera is None:
            self._camera = record.source
            times = (frame.time or 0.0 for frame in self._source.frames())
            if not any(abs(each - time) <= CLOSE for each in takewhile(lambda each: each <= time + CLOSE, times)):
                self._offset = time
        elif record.source != self._camera:
            remedy = f"choose one by --source, such as '{self._camera}'"
            raise UsageError(f"the answers are of several cameras, {self._place} is of one", remedy=remedy)

    def _restart(self) -> None:
        self._frames: Iterator[Frame] = iter(self._source.frames())
        self._frame: Frame | None = None
        self._broken = ""
        self._advance()

    def _advance(self) -> None:
        try:
            self._frame = next(self._frames, None)
        except SourceError as error:
            if self._frame is None:
                raise
            # cut short: what was before is there
            self._frame, self._broken = None, f" ({error.message})"
        self._shown = math.inf if self._frame is None else self._frame.time or 0.0
