"""The newest frame of a live source, however long the brains take: older ones are dropped and counted."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import Executor
from threading import Thread
from time import monotonic

import attrs

from runner_core.frames.frame import Frame
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.mailbox import NewestFrames, close_frames
from runner_core.results.result import Result


def run_newest(newest: NewestFrames, executor: FrameExecutor, pool: Executor) -> Generator[Result]:
    """The results of the newest frame each time, brains side by side; ``dropped`` counts the frames passed over."""
    try:
        while (taken := newest.take()) is not None:
            frame, dropped = taken
            yield attrs.evolve(executor.run_frame(frame, pool.map), dropped=dropped)
    finally:
        newest.close()


def read_in_thread(frames: Iterator[Frame]) -> NewestFrames:
    """Reads the frames in a separate thread; ``Frame.source`` is the camera, of which a source may have several.

    A frame that does not say when it was taken was taken when it came.
    """
    newest = NewestFrames()
    Thread(target=_read, args=(frames, newest), name="runner-live", daemon=True).start()
    return newest


def _read(frames: Iterator[Frame], newest: NewestFrames) -> None:
    error: BaseException | None = None
    try:
        for frame in frames:
            if newest.closed:
                break
            frame.taken = monotonic() if frame.taken is None else frame.taken
            newest.put(frame.source, frame)
    except BaseException as failed:  # noqa: BLE001  # raised again in the thread that takes
        error = failed
    finally:
        newest.end(error)
        close_frames(frames)
