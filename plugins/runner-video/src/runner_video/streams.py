"""Streams: many cameras at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from runner_core.contracts import Source
from runner_core.errors import SourceError
from runner_core.frame import Frame
from runner_core.locations import open_source

log = logging.getLogger("runner")


class Streams:
    """A ``.streams`` file: one live source a line, as it is typed anywhere else; a line that begins with # is none.

    One source of all their frames, each saying by ``source`` which camera it is from; a run takes the newest of each
    in turn. ``time`` counts from the first frame of all. A camera that fails for good is left out with a warning.
    """

    live: bool = True

    def __init__(self, location: str) -> None:
        self.path = Path(location)
        self.locations = _lines(self.path)
        self.sources = [open_source(line) for line in self.locations]
        for line, source in zip(self.locations, self.sources, strict=True):
            if not source.live:
                raise SourceError(f"{self.path}: {line} is not live", remedy="a list of streams holds cameras alone")

    def frames(self) -> MergedFrames:
        """Raises SourceError when there is no camera left."""
        return MergedFrames(self.sources)


class MergedFrames(Iterator[Frame]):
    """The newest frame of each source, in the order in which they come."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._all: list[Any] = [source.frames() for source in sources]
        self._newest: dict[int, Frame] = {}
        self._changed = Condition()
        self._open = len(self._all)
        self._error: SourceError | None = None
        self._index = -1
        self._first: float | None = None
        for number, frames in enumerate(self._all):
            Thread(target=self._read, args=(number, frames), name=f"runner-camera {number}", daemon=True).start()

    def __next__(self) -> Frame:
        with self._changed:
            self._changed.wait_for(lambda: self._newest or not self._open)
            if self._newest:
                return self._numbered(self._newest.pop(next(iter(self._newest))))
        if self._error:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        """Ends it, and waits a little for the cameras to be let go."""
        with ThreadPoolExecutor(len(self._all)) as pool:
            list(pool.map(lambda frames: frames.close(), self._all))

    def __del__(self) -> None:
        self.close()

    def _numbered(self, frame: Frame) -> Frame:
        """As the frames of one source are."""
        taken = frame.taken or 0.0
        self._first = taken if self._first is None else self._first
        self._index += 1
        frame.index, frame.time = self._index, max(taken - self._first, 0.0)
        return frame

    def _read(self, number: int, frames: Iterator[Frame]) -> None:
        error = None
        try:
            for frame in frames:
                with self._changed:
                    self._newest[number] = frame
                    self._changed.notify()
        except SourceError as failed:
            error = failed
            log.warning("%s; left out", failed)
        finally:
            with self._changed:
                self._open -= 1
                self._error = error or self._error
                self._changed.notify()


def _lines(path: Path) -> list[str]:
    """The locations in the file. Raises SourceError."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    locations = [line for line in lines if line and not line.startswith("#")]
    if not locations:
        raise SourceError(f"{path}: no camera in it", remedy="write one source a line")
    return locations
