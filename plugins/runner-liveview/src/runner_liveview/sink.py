"""ViewSink: a page that shows answers as they come."""

from __future__ import annotations

import os
import socket
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from runner_core.frames import Frame
from runner_core.results import Result
from runner_liveview.address import Address
from runner_liveview.hub import Hub
from runner_liveview.message import encode_message
from runner_liveview.progress import Meter
from runner_liveview.server import Server
from runner_liveview.snapshot import Snapshot, camera_of


class ViewSink:
    """``view:8000``: the newest frame and what brains find in it, in any browser of this machine. See Address.

    It never delays a run, with or without viewers, except on purpose with ``?pace=1``: then a run of files waits for
    the first viewer, and shows a video at its own speed. Pictures are decoded for it and made into JPEGs only while
    somebody watches.

    ``url``  the address of the page, while it is open.
    """

    def __init__(self, location: str) -> None:
        self.address = Address.read(os.fspath(location))
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[ViewWriter]:
        """Serves until it is closed. Raises SinkError if the port is not available."""
        hub = Hub(encode_message)
        server = Server(hub, self.address)
        server.start()
        try:
            self._announce(server.port)
            yield ViewWriter(hub, self.address.pace)
        finally:
            server.stop()

    def _announce(self, port: int) -> None:
        address = self.address
        everywhere = address.host in ("0.0.0.0", "::")
        self.url = address.url(port, socket.gethostname() if everywhere else "")
        waits = "; the run begins when somebody opens it" if address.pace else ""
        print(f"view: {self.url}{waits}", file=sys.stderr, flush=True)
        if address.open and _has_desktop():
            webbrowser.open(address.url(port, "localhost" if everywhere else ""))


class ViewWriter:
    """Gives results to the hub."""

    def __init__(self, hub: Hub, pace: float | None) -> None:
        self._hub, self._clock = hub, Clock(hub, pace) if pace else None
        self._began = monotonic()
        self._meters: dict[str, Meter] = {}
        self._number = 0

    def write(self, result: Result) -> None:
        """Returns at once, unless a pace was asked for."""
        if self._clock:
            self._clock.wait(result.frame)
        meter = self._meters.setdefault(camera_of(result.frame), Meter(self._began))
        meter.add(result)
        self._number += 1
        self._hub.offer(Snapshot.take(result, self._number, meter, pin=self._hub.watched))

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Has the page say that the run has ended."""
        if self._clock:
            self._clock.linger()
        self._hub.summary = summary


class Clock:
    """Paces the frames of a file, once somebody watches."""

    def __init__(self, hub: Hub, pace: float) -> None:
        self._hub, self._pace = hub, pace
        self._count = 0
        self._begin: float | None = None

    def wait(self, frame: Frame) -> None:
        """Waits for the frame's turn; frames of a live source do not wait. At pace 1, a picture has a second."""
        if frame.taken is not None:
            return
        due = (self._count if frame.time is None else frame.time) / self._pace
        self._count += 1
        if self._begin is None:
            self._hub.seen.wait()
            self._begin = monotonic() - due
        sleep(max(0.0, self._begin + due - monotonic()))

    def linger(self) -> None:
        """Gives the last frame its time."""
        if self._begin is not None:
            sleep(min(1.0, 1.0 / self._pace))


def _has_desktop() -> bool:
    """Whether a browser would have a window; in a terminal it would take the terminal."""
    return sys.platform in ("darwin", "win32") or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))
