"""The newest frame of a live source, whatever the brains take: older ones are dropped and counted."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import Executor
from threading import Condition, Thread

import attrs

from runner_core.frames.frame import Frame
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.ordered import close
from runner_core.results.result import Result

CAMERAS = 256  # of one source have their newest frame kept


def newest(frames: Iterator[Frame], executor: FrameExecutor, pool: Executor) -> Generator[Result]:
    """The results of the newest frame each time, brains side by side; ``dropped`` counts the frames passed over."""
    latest = Latest(frames)
    try:
        while (taken := latest.take()) is not None:
            frame, dropped = taken
            yield attrs.evolve(executor.run_frame(frame, pool.map), dropped=dropped)
    finally:
        latest.stop()


class Latest:
    """Reads frames in a thread of its own and keeps the newest: of each camera, where a source has several.

    Cameras, which frames name by ``source``, take turns, however quick one of them is.
    """

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self._newest: dict[str, Frame] = {}  # the one that waits longest first
        self._dropped = 0
        self._error: BaseException | None = None
        self._ended = False
        self._changed = Condition()
        Thread(target=self._read, name="runner-live", daemon=True).start()

    def take(self) -> tuple[Frame, int] | None:
        """The newest frame not taken yet and how many were dropped before it; waits for one.

        None at the end of the source. Raises what the source raised.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._ended)
            if self._newest:
                dropped, self._dropped = self._dropped, 0
                return self._newest.pop(next(iter(self._newest))), dropped
        if self._error:
            raise self._error
        return None

    def stop(self) -> None:
        """Lets the reading thread end at its next frame."""
        with self._changed:
            self._ended = True

    def _read(self) -> None:
        try:
            for frame in self._frames:
                if self._ended:
                    break
                self._keep(frame)
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that takes
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()
            close(self._frames)

    def _keep(self, frame: Frame) -> None:
        with self._changed:
            if frame.source in self._newest or len(self._newest) < CAMERAS:
                self._dropped += frame.source in self._newest
                self._newest[frame.source] = frame
            else:
                self._dropped += 1
            self._changed.notify()
