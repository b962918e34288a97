"""ViewSink: a page that shows answers as they come."""

from __future__ import annotations

import os
import socket
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep
from typing import Any

from runner_core.frames import Frame
from runner_core.results import Result
from runner_liveview.address import Address
from runner_liveview.app import build_application
from runner_liveview.hub import Hub
from runner_liveview.message import encode_message
from runner_liveview.progress import Meter
from runner_liveview.server import Server
from runner_liveview.snapshot import Snapshot, camera_of


class ViewSink:
    """``view:8000``: the newest frame and what brains find in it, in any browser of this machine. See Address.

    It never delays a camera. A run over files would be over before somebody looks, so in a terminal it waits for the
    first viewer; ``?wait=yes`` and ``?wait=no`` decide that anywhere. ``?pace=1`` shows a video at its own speed.
    Pictures are decoded for it and made into JPEGs only while somebody watches.

    ``url``  the address of the page, while it is open.
    """

    def __init__(self, location: str) -> None:
        self.address = Address.read(os.fspath(location))
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[ViewWriter]:
        """Serves until it is closed. Raises SinkError if the port is not available."""
        hub = Hub(encode_message)
        server = Server(hub, self.address, partial(build_application, hub))
        server.start()
        try:
            self._announce(server.port)
            yield ViewWriter(hub, self.address)
        finally:
            server.stop()

    def _announce(self, port: int) -> None:
        address = self.address
        everywhere = address.host in ("0.0.0.0", "::")
        self.url = address.url(port, socket.gethostname() if everywhere else "")
        _say(self.url)
        if address.open and _has_desktop():
            webbrowser.open(address.url(port, "localhost" if everywhere else ""))


class ViewWriter:
    """Gives results to the hub."""

    def __init__(self, hub: Hub, address: Address) -> None:
        self._hub, self._clock = hub, Clock(address.pace) if address.pace else None
        self._waiting: Waiting | None = Waiting(hub, address)
        self._began = monotonic()
        self._meters: dict[str, Meter] = {}
        self._number = 0

    def write(self, result: Result) -> None:
        """Returns at once, but for files that wait for a viewer or for their turn."""
        if result.frame.taken is None:
            self._take_turn(result.frame)
        meter = self._meters.setdefault(camera_of(result.frame), Meter(self._began))
        meter.add(result)
        self._number += 1
        self._hub.offer(Snapshot.take(result, self._number, meter, pin=self._hub.watched))

    def _take_turn(self, frame: Frame) -> None:
        if self._waiting:
            self._waiting.wait()
            self._waiting = None
        if self._clock:
            self._clock.wait(frame)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Has the page say that the run has ended."""
        if self._clock:
            self._clock.linger()
        self._hub.summary = summary


class Waiting:
    """Whether a run over files waits for somebody to open the page, and what is said about it."""

    def __init__(self, hub: Hub, address: Address) -> None:
        self._hub, self._address = hub, address

    def wait(self) -> None:
        """Returns once somebody watches, or at once if nobody is waited for; says which, and how to change it."""
        if self._hub.seen.is_set() or self._address.wait is False:
            return
        if self._address.wait or self._address.pace or _is_terminal():
            _say("the run begins when somebody opens the page; ?wait=no begins at once")
            self._hub.seen.wait()
        else:
            _say("the run does not wait for somebody to open the page; ?wait=yes does")


class Clock:
    """Paces the frames of files."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._count = 0
        self._begin: float | None = None
        self._video: str | None = None  # whose frames come now; None between pictures

    def wait(self, frame: Frame) -> None:
        """Waits for the frame's turn. At pace 1, a picture has a second, and a video its own speed."""
        video = None if frame.time is None else frame.source
        due = (self._count if frame.time is None else frame.time) / self._pace
        self._count += 1
        if self._begin is None or video != self._video:
            self.linger()
            self._begin = monotonic() - due
        self._video = video
        sleep(max(0.0, self._begin + due - monotonic()))

    def linger(self) -> None:
        """Gives the last frame its time."""
        if self._begin is not None:
            sleep(min(1.0, 1.0 / self._pace))


def _say(text: str) -> None:
    print(f"view: {text}", file=sys.stderr, flush=True)


def _is_terminal() -> bool:
    """Whether somebody reads what is said, and can open the page."""
    return sys.stderr.isatty()


def _has_desktop() -> bool:
    """Whether a browser would have a window; in a terminal it would take the terminal."""
    return sys.platform in ("darwin", "win32") or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))
