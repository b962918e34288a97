"""Hub: the newest snapshot of each camera, and who watches.

The run's thread hands over snapshots and goes on at once. All else happens in the server's event loop, and messages are
made in one other thread, only if somebody waits for them. Only the newest snapshot of each camera is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

import attrs

from runner_liveview.snapshot import Snapshot


@attrs.frozen
class Making:
    """A message that is being made, or was made, of the snapshot with that number."""

    number: int
    message: asyncio.Future[bytes]


class Hub:
    """Between one run and any number of viewers. ``encode`` turns a snapshot into a message.

    ``seen``     set once somebody has watched.
    ``over``     nothing more will come; ``summary`` is that of a run that came to its end.
    """

    def __init__(self, encode: Callable[[Snapshot], bytes]) -> None:
        self.seen = Event()
        self.over = False
        self.summary: Mapping[str, Any] | None = None
        self._encode = encode
        self._latest: dict[str, Snapshot] = {}
        self._made: dict[str, Making] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="runner-liveview-jpeg")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wakers: set[asyncio.Event] = set()
        self._rung = False

    @property
    def watched(self) -> bool:
        """Whether somebody watches now."""
        return bool(self._wakers)

    def offer(self, snapshot: Snapshot) -> None:
        """Called by the run: shows this now."""
        self._latest[snapshot.camera] = snapshot
        if self.watched:
            self._ring()

    def end(self) -> None:
        """Called by the run: nothing more will come."""
        self.over = True
        self._ring()

    def close(self) -> None:
        """Called when the server has stopped."""
        self._pool.shutdown(cancel_futures=True)

    def start(self) -> None:
        """Called in the event loop before anything else there."""
        self._loop = asyncio.get_running_loop()

    @contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """While somebody watches; the event is set when there may be something to send."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        self.seen.set()
        try:
            yield waker
        finally:
            self._wakers.remove(waker)
            if not self._wakers:
                self._made.clear()

    def due(self, sent: Mapping[str, int]) -> Snapshot | None:
        """The next snapshot for a viewer that was ``sent`` these numbers: of the camera not sent for longest.

        None if there is nothing new.
        """
        newer = [each for each in list(self._latest.values()) if each.number > sent.get(each.camera, -1)]
        return min(newer, key=lambda each: sent.get(each.camera, -1), default=None)

    async def message(self, snapshot: Snapshot, sent: dict[str, int]) -> bytes:
        """The snapshot's message, or the one of its camera that is being made just now; noted in ``sent``."""
        making = self._made.get(snapshot.camera)
        new = making is not None and making.number > sent.get(snapshot.camera, -1)
        if making is None or not new or (making.message.done() and making.number < snapshot.number):
            made = asyncio.get_running_loop().run_in_executor(self._pool, self._encode, snapshot)
            making = self._made[snapshot.camera] = Making(snapshot.number, made)
        sent[snapshot.camera] = making.number
        return await asyncio.shield(making.message)  # a viewer that leaves must not cancel it for the others

    def _ring(self) -> None:
        """Wakes the viewers; once, however much comes before they wake."""
        if not self._rung and self._loop:
            self._rung = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._rung = False
        for waker in self._wakers:
            waker.set()
