"""MergedFrames: the frames of many cameras, as those of one."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Condition, Thread

from runner_core.contracts import Source
from runner_core.errors import SourceError
from runner_core.frames import Frame

log = logging.getLogger("runner")


class MergedFrames(Iterator[Frame]):
    """The newest frame of each source, in the order in which they come."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._all = [source.frames() for source in sources]
        self._newest = Newest(len(sources))
        self._index = -1
        self._first: float | None = None
        for number, frames in enumerate(self._all):
            name = f"runner-camera {number}"
            Thread(target=_read, args=(frames, number, self._newest), name=name, daemon=True).start()

    def __next__(self) -> Frame:
        """Numbered and timed as the frames of one source are."""
        frame = self._newest.take()
        taken = frame.taken or 0.0
        self._first = taken if self._first is None else self._first
        self._index += 1
        frame.index, frame.time = self._index, max(taken - self._first, 0.0)
        return frame

    def close(self) -> None:
        """Ends it, and waits a little for the cameras to be let go: for all at once."""
        self._newest.close()
        with ThreadPoolExecutor(len(self._all)) as pool:
            list(pool.map(_let_go, self._all))

    def __del__(self) -> None:
        self._newest.close()


class Newest:
    """The newest frame of each of so many cameras, until all of them have ended."""

    def __init__(self, cameras: int) -> None:
        self._frames: dict[int, Frame] = {}  # the one that waits longest first
        self._open = cameras
        self._error: SourceError | None = None
        self._changed = Condition()
        self.closed = False

    def put(self, camera: int, frame: Frame) -> None:
        with self._changed:
            self._frames[camera] = frame
            self._changed.notify()

    def end(self, error: SourceError | None) -> None:
        """A camera has ended, or failed."""
        with self._changed:
            self._open -= 1
            self._error = error or self._error
            self._changed.notify()

    def take(self) -> Frame:
        """Waits for one. Raises StopIteration at the end, SourceError where the last that ended had failed."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self.closed or not self._open)
            if self._frames and not self.closed:
                return self._frames.pop(next(iter(self._frames)))
        raise StopIteration if self.closed or not self._error else self._error

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()


def _read(frames: Iterator[Frame], camera: int, newest: Newest) -> None:
    """A camera's thread."""
    error = None
    try:
        for frame in frames:
            if newest.closed:
                break
            newest.put(camera, frame)
    except Exception as failed:  # noqa: BLE001  # whatever a plugin raises costs this one camera
        error = failed if isinstance(failed, SourceError) else SourceError(f"{type(failed).__name__}: {failed}")
        log.warning("%s; left out", error)
    finally:
        newest.end(error)
        _let_go(frames)


def _let_go(frames: Iterator[Frame]) -> None:
    """A generator that a thread is in cannot be closed by another; that thread closes it at its next frame."""
    with suppress(ValueError):
        getattr(frames, "close", bool)()
