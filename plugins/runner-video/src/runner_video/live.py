"""LiveSource: a camera or a stream, watched, and reconnected when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from runner_core.errors import SourceError
from runner_core.frames import Frame
from runner_video.ffmpeg_input import Input
from runner_video.options import SECONDS, SPAN
from runner_video.reader import Reader
from runner_video.reconnect import Outage
from runner_video.shot import Shot

STALL = 5.0
OPTIONS = {"stall": SPAN, "give_up": SECONDS}


class LiveSource:
    """What ``source`` shows now, as long as it does.

    ``stall``    seconds without a picture after which it reconnects; a new connection may take twice as long.
    ``give_up``  seconds without a picture after which that is an error. By default the first connection is tried once,
                 and a lost one for ever.
    ``ends``     whether the input may end even though it stated no length.

    Gaps are warnings of the logger ``runner``, and ``gaps`` counts them.
    """

    live: bool = True

    def __init__(
        self, source: Input, *, stall: float | None = None, give_up: float | None = None, ends: bool = False
    ) -> None:
        self.input, self.ends = source, ends
        self.stall, self.give_up = stall or STALL, give_up
        self.gaps = 0

    def frames(self) -> LiveFrames:
        """Frames whose ``time`` counts from the first. Raises SourceError."""
        return LiveFrames(self)


class LiveFrames(Iterator[Frame]):
    """The frames of a live source. Unlike a generator's, its ``close`` may be called while another thread waits."""

    def __init__(self, source: LiveSource) -> None:
        self._source = source
        self._closed = Event()
        self._reader: Reader | None = None
        self._outage = Outage(source.input.name, source.give_up)
        self._first: float | None = None
        self._index = -1

    def __next__(self) -> Frame:
        shot = self._take()
        if shot is None or shot.taken is None:
            self.close()
            raise StopIteration
        self._first = shot.taken if self._first is None else self._first
        self._index += 1
        return shot.frame(self._source.input.name, self._index, shot.taken - self._first)

    def close(self, patience: float = 1.0) -> None:
        """Ends it, and waits at most ``patience`` seconds for the camera to be released."""
        self._closed.set()
        if self._reader:
            self._reader.stop(patience)

    def __del__(self) -> None:
        self.close(patience=0)

    def _take(self) -> Shot | None:
        """The next shot, through as many connections as needed; None at the end."""
        source = self._source
        while not self._closed.is_set():
            self._reader = self._reader or Reader(source.input, ends=source.ends)
            try:
                shot = self._reader.take(source.stall if self._reader.begun else 2 * source.stall)
            except SourceError as error:
                self._wait(error)
            else:
                source.gaps += shot is not None and self._outage.end()
                return shot
        self.close(patience=0)  # a connection may have been made during ``close``
        return None

    def _wait(self, error: SourceError) -> None:
        """Waits for the next attempt. Raises SourceError if there is none."""
        if self._reader:
            self._reader.stop()
        self._reader = None
        try:
            pause = self._outage.pause(error)
        except SourceError:
            self._closed.set()
            raise
        self._closed.wait(pause)
