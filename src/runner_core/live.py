"""The newest frame of a live source, whatever the brains take: older ones are dropped and counted."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Thread

import attrs

from runner_core.frame import Frame
from runner_core.panel import Panel
from runner_core.result import Result


def newest(frames: Iterator[Frame], panel: Panel, threads: int) -> Generator[Result]:
    """The results of the newest frame each time, brains side by side; ``dropped`` counts the frames passed over."""
    latest = Latest(frames)
    with ThreadPoolExecutor(min(threads, len(panel.brains)) or 1, thread_name_prefix="runner") as pool:
        spread = pool.map if threads > 1 else map
        try:
            while (taken := latest.take()) is not None:
                frame, dropped = taken
                yield attrs.evolve(panel.look(frame, spread), dropped=dropped)
        finally:
            latest.stop()


class Latest:
    """Reads frames in a thread of its own and keeps the newest."""

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self._frame: Frame | None = None
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
            self._changed.wait_for(lambda: self._frame is not None or self._ended)
            frame, dropped = self._frame, self._dropped
            self._frame, self._dropped = None, 0
        if frame is not None:
            return frame, dropped
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

    def _keep(self, frame: Frame) -> None:
        with self._changed:
            self._dropped += self._frame is not None
            self._frame = frame
            self._changed.notify()
