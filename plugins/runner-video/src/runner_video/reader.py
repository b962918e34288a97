"""Reader: one connection to a live input, read by its own thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import Condition, Thread
from time import monotonic
from typing import TypeAlias

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from runner_core.errors import SourceError
from runner_video.ffmpeg_input import Input
from runner_video.orientation import Orientations
from runner_video.shot import UPRIGHT, Shot

KEPT = 4  # shots wait to be taken: a consumer that is slower than the camera gets the newest

Unpack: TypeAlias = "Callable[[Packet[VideoStream]], Sequence[VideoFrame | bytes]]"


class Reader:
    """Reads from its creation until it is stopped, or the input ends or fails.

    A call into FFmpeg may not return, whatever timeout it was given: here it blocks only this thread, which is then
    abandoned and ends when the call does.

    ``ends``  whether the input may end even though it stated no length.
    """

    def __init__(self, source: Input, *, ends: bool = False) -> None:
        self._input, self._ends = source, ends
        self._shots: deque[Shot] = deque(maxlen=KEPT)
        self._changed = Condition()
        self._over = False
        self._error: SourceError | None = None
        self.begun = False
        self._thread = Thread(target=self._read, name=f"runner-reader {source.name}", daemon=True)
        self._thread.start()

    def take(self, patience: float) -> Shot | None:
        """Waits for the next shot; None at the end. Raises SourceError: the input's, or if none came in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._shots or self._over, patience):
                raise SourceError(f"{self._input.name}: nothing came for {patience:g} s")
            if self._shots:
                return self._shots.popleft()
        if self._error:
            raise _without_traceback(self._error)
        return None

    def stop(self, patience: float = 0.0) -> None:
        """Ends it at its next shot, and waits at most ``patience`` seconds for that."""
        self._end(None)
        if patience:
            self._thread.join(patience)

    def _read(self) -> None:
        try:
            with self._input.open() as (container, track):
                self._read_track(container.demux(track), _keep_jpeg if track.codec_context.name == "mjpeg" else _decode)
                proper = self._ends or container.duration is not None
            self._end(None if proper else SourceError(f"{self._input.name}: the stream ended"))
        except SourceError as error:
            self._end(self._describe_break(error) if self.begun else _without_traceback(error))
        except Exception as error:  # noqa: BLE001  # a thread that ends silently would leave its source waiting
            self._end(SourceError(f"{self._input.name}: {type(error).__name__}: {error}"))

    def _describe_break(self, error: SourceError) -> SourceError:
        """FFmpeg may find out that nothing comes before ``take`` does."""
        waited = isinstance(error.__cause__, av.error.TimeoutError | av.error.ExitError) and self._input.timeout
        what = f"nothing came for {self._input.timeout:g} s" if waited else "the stream broke off"
        return SourceError(f"{self._input.name}: {what}")

    def _read_track(self, packets: Iterator[Packet[VideoStream]], unpack: Unpack) -> None:
        orientations = Orientations()
        for packet in packets:
            taken = monotonic()
            if self._over:
                return
            for picture in unpack(packet):
                placed = orientations.of(picture) if isinstance(picture, VideoFrame) else UPRIGHT
                self._keep(Shot(picture, taken, placed))

    def _keep(self, shot: Shot) -> None:
        with self._changed:
            self._shots.append(shot)
            self.begun = True
            self._changed.notify()

    def _end(self, error: SourceError | None) -> None:
        with self._changed:
            if not self._over:
                self._over, self._error = True, error
            self._changed.notify()


def _without_traceback(error: SourceError) -> SourceError:
    """The same without its traceback, whose frames would hold the connection's memory until garbage collection."""
    return SourceError(error.message, remedy=error.remedy)


def _keep_jpeg(packet: Packet[VideoStream]) -> Sequence[bytes]:
    """A JPEG, decoded later: a dropped one is never decoded, the others only as large as needed."""
    return (bytes(packet),) if packet.size else ()


def _decode(packet: Packet[VideoStream]) -> Sequence[VideoFrame]:
    try:
        return packet.decode()
    except av.FFmpegError:  # one damaged picture is skipped; if no other comes, ``take`` raises
        return ()
