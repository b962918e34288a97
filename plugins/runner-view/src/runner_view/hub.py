"""Hub: what the run last showed, and who looks at it.

The run's thread hands looks over and goes on at once. All else happens in the server's event loop, and the making of
messages in one thread of its own, only for what somebody waits for. Of each camera the newest look alone is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

import attrs

from runner_view.look import Look


@attrs.frozen
class Making:
    """A message that is being made of the look of that number, or has been."""

    number: int
    message: asyncio.Future[bytes]


class Hub:
    """Between one run and any number of viewers. ``encode`` turns a look into a message.

    ``seen``     set once somebody has looked.
    ``over``     nothing more will come; ``summary`` tells of a run that came to its end.
    """

    def __init__(self, encode: Callable[[Look], bytes]) -> None:
        self.seen = Event()
        self.over = False
        self.summary: Mapping[str, Any] | None = None
        self._encode = encode
        self._latest: dict[str, Look] = {}
        self._made: dict[str, Making] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="runner-view-jpeg")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wakers: set[asyncio.Event] = set()
        self._rung = False

    @property
    def watched(self) -> bool:
        """Whether somebody looks now."""
        return bool(self._wakers)

    def offer(self, look: Look) -> None:
        """Called by the run: this is to be seen now."""
        self._latest[look.camera] = look
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
        """While somebody looks; the event is set when there may be something to send."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        self.seen.set()
        try:
            yield waker
        finally:
            self._wakers.remove(waker)
            if not self._wakers:
                self._made.clear()

    def due(self, sent: Mapping[str, int]) -> Look | None:
        """What a viewer who has had looks of these numbers by camera is to see next: the camera not seen for longest.

        None where there is nothing new.
        """
        newer = [look for look in list(self._latest.values()) if look.number > sent.get(look.camera, -1)]
        return min(newer, key=lambda look: sent.get(look.camera, -1), default=None)

    async def message(self, look: Look, sent: dict[str, int]) -> bytes:
        """That look's message, or the one of its camera that is being made just now; noted in ``sent``."""
        making = self._made.get(look.camera)
        new = making is not None and making.number > sent.get(look.camera, -1)
        if making is None or not new or (making.message.done() and making.number < look.number):
            made = asyncio.get_running_loop().run_in_executor(self._pool, self._encode, look)
            making = self._made[look.camera] = Making(look.number, made)
        sent[look.camera] = making.number
        return await asyncio.shield(making.message)  # a viewer who leaves does not take it from the others

    def _ring(self) -> None:
        """Wakes the viewers; once, however much comes before they have woken."""
        if not self._rung and self._loop:
            self._rung = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._rung = False
        for waker in self._wakers:
            waker.set()
