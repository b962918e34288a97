"""The newest frame of each camera, handed from the threads that read cameras to the one that looks at frames."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress
from threading import Condition

from runner_core.frames.frame import Frame
from runner_core.util.interrupts import check_interrupt

_TO_ASK = 1.0  # seconds of waiting after which it asks whether it was interrupted
CAMERAS = 256  # keep their newest frame, unless another limit is given


class NewestFrames:
    """Keeps the newest frame of each camera until it is taken; older ones are dropped and counted.

    Cameras take turns, however quick one of them is. Every method may be called from any thread.

    ``readers``  how many threads put frames in; each calls ``end`` once.
    ``cameras``  how many cameras keep a frame at most; a frame of one more is dropped.
    """

    def __init__(self, readers: int = 1, *, cameras: int = CAMERAS) -> None:
        self._newest: dict[Hashable, Frame] = {}  # the one that waits longest first
        self._reading, self._cameras = readers, cameras
        self._dropped = 0
        self._error: BaseException | None = None
        self._changed = Condition()
        self.closed = False

    def __len__(self) -> int:
        """How many frames wait."""
        return len(self._newest)

    def put(self, camera: Hashable, frame: Frame) -> None:
        """Keeps the frame in place of the one before of this camera."""
        with self._changed:
            known = camera in self._newest
            room = known or len(self._newest) < self._cameras
            self._dropped += known or not room
            if room:
                self._newest[camera] = frame
            self._changed.notify()

    def end(self, error: BaseException | None = None) -> None:
        """A reader has ended, or failed."""
        with self._changed:
            self._reading -= 1
            self._error = error or self._error
            self._changed.notify()

    def take(self) -> tuple[Frame, int] | None:
        """Waits for a frame; with it comes how many were dropped since the one taken before.

        None once it is closed, or all readers have ended and no frame waits. Raises the error of the reader that
        failed last.
        """
        with self._changed:
            while not self._changed.wait_for(lambda: self._newest or self.closed or not self._reading, _TO_ASK):
                check_interrupt()
            if self.closed:
                return None
            if self._newest:
                dropped, self._dropped = self._dropped, 0
                return self._newest.pop(next(iter(self._newest))), dropped
        if self._error:
            raise self._error
        return None

    def wait_for_first(self, patience: float) -> None:
        """Returns once a frame waits, or nothing more comes, at the latest after ``patience`` seconds.

        Raises the error of a reader if all have ended and no frame came.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self.closed or not self._reading, patience)
            if self._error and not self._reading and not self._newest:
                raise self._error

    def close(self) -> None:
        """Nobody takes frames any more: readers see ``closed`` at their next frame."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


def close_frames(frames: Iterator[Frame]) -> None:
    """Closes the frames of a source, if they can be closed, so that it releases what it holds.

    A generator that another thread is in cannot be closed; that thread closes it at its next frame.
    """
    with suppress(ValueError):
        getattr(frames, "close", bool)()
