"""CameraGroup: many cameras as one source."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

from runner_core.contracts import Source
from runner_core.errors import SourceError
from runner_core.frames.frame import Frame
from runner_core.pipeline.mailbox import NewestFrames, close_frames
from runner_core.util.location import number_repeats

log = logging.getLogger("runner")


class CameraGroup:
    """One source of all cameras' frames; each frame's ``source`` says which camera it is from.

    A run takes the newest frame of each camera in turn. ``time`` counts from the first frame of all. A camera that
    finally fails is left out with a warning.
    """

    live: bool = True

    def __init__(self, cameras: Sequence[Source], names: Sequence[str]) -> None:
        """``names`` are what the cameras are called; of equal names, the later ones get a number."""
        self.cameras, self.names = tuple(cameras), tuple(names)

    @property
    def gaps(self) -> int:
        """How often a camera was lost and came back, over all cameras."""
        return sum(getattr(camera, "gaps", 0) for camera in self.cameras)

    def frames(self) -> MergedFrames:
        """Raises SourceError once there is no camera left."""
        return MergedFrames(self.cameras, number_repeats(self.names))


class MergedFrames(Iterator[Frame]):
    """The newest frame of each source, in the order in which they come; its name ends in the source's suffix."""

    def __init__(self, sources: Sequence[Source], suffixes: Sequence[str]) -> None:
        self._all = [source.frames() for source in sources]
        self._newest = NewestFrames(len(sources), cameras=len(sources))
        self._index = -1
        self._first: float | None = None
        for number, (frames, suffix) in enumerate(zip(self._all, suffixes, strict=True)):
            name, args = f"runner-camera {number}", (frames, number, suffix, self._newest)
            Thread(target=_read_camera, args=args, name=name, daemon=True).start()

    def __next__(self) -> Frame:
        """The next frame, numbered and timed within all of them."""
        newest = self._newest.take()
        if newest is None:
            raise StopIteration
        frame, _ = newest
        taken = frame.taken or 0.0
        self._first = taken if self._first is None else self._first
        self._index += 1
        frame.index, frame.time = self._index, max(taken - self._first, 0.0)
        return frame

    def close(self) -> None:
        """Ends it, and waits a little for all cameras at once to be released."""
        self._newest.close()
        with ThreadPoolExecutor(len(self._all)) as pool:
            list(pool.map(close_frames, self._all))

    def __del__(self) -> None:
        self._newest.close()


def _read_camera(frames: Iterator[Frame], camera: int, suffix: str, newest: NewestFrames) -> None:
    """Runs in a thread for each camera."""
    error = None
    try:
        for frame in frames:
            if newest.closed:
                break
            frame.source += suffix
            newest.put(camera, frame)
    except Exception as failed:  # noqa: BLE001  # whatever a plugin raises costs this one camera
        error = failed if isinstance(failed, SourceError) else SourceError(f"{type(failed).__name__}: {failed}")
        log.warning("%s; left out", error)
    finally:
        newest.end(error)
        close_frames(frames)
