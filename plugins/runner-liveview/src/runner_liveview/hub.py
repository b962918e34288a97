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
from time import thread_time
from typing import Any

import attrs

from runner_liveview.budget import Budget
from runner_liveview.snapshot import Snapshot


@attrs.frozen
class Made:
    """The message of the snapshot with that number."""

    number: int
    message: bytes


class Waker(asyncio.Event):
    """Of one viewer: set when there may be something to send, but for frames only while it is ``ready`` for one."""

    ready = True


class Hub:
    """Between one run and any number of viewers. ``encode`` turns a snapshot into a message.

    ``seen``     set once somebody has watched.
    ``over``     nothing more will come; ``summary`` is that of a run that came to its end.
    """

    def __init__(self, encode: Callable[[Snapshot], bytes], budget: Budget | None = None) -> None:
        self.seen = Event()
        self.over = False
        self.summary: Mapping[str, Any] | None = None
        self._encode = encode
        self._latest: dict[str, Snapshot] = {}
        self._makings: dict[str, asyncio.Task[Made]] = {}  # of each camera the last
        self._budget = Budget() if budget is None else budget
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="runner-liveview-jpeg")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wakers: set[Waker] = set()
        self._worked = 0.0
        self._rung = False

    @property
    def viewers(self) -> int:
        """How many watch now."""
        return len(self._wakers)

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
        self._loop, self._worked = asyncio.get_running_loop(), thread_time()

    @contextmanager
    def watching(self) -> Iterator[Waker]:
        """While somebody watches."""
        waker = Waker()
        self._wakers.add(waker)
        self.seen.set()
        try:
            yield waker
        finally:
            self._wakers.remove(waker)
            if not self._wakers:
                self._makings.clear()

    def due(self, sent: Mapping[str, int]) -> str | None:
        """The next camera for a viewer that was ``sent`` these numbers: not sent for longest.

        None if there is nothing new.
        """
        newer = [each.camera for each in list(self._latest.values()) if each.number > sent.get(each.camera, -1)]
        return min(newer, key=lambda camera: sent.get(camera, -1), default=None)

    async def message(self, camera: str, sent: dict[str, int]) -> bytes:
        """The next message of a camera that has something new for the viewer; noted in ``sent``."""
        making = self._makings.get(camera)
        if making is None or (making.done() and self._is_old(camera, making)):
            making = self._makings[camera] = asyncio.create_task(self._make(camera))
        made = await asyncio.shield(making)  # a viewer that leaves must not cancel it for the others
        sent[camera] = made.number
        return made.message

    def _is_old(self, camera: str, made: asyncio.Task[Made]) -> bool:
        failed = made.cancelled() or made.exception()
        return bool(failed) or made.result().number < self._latest[camera].number

    async def _make(self, camera: str) -> Made:
        """One message for all viewers that wait for it, when what the last ones cost has been paid for."""
        self._budget.spend(self._count_work())
        while wait := self._budget.wait:
            await asyncio.sleep(wait)
        snapshot = self._latest[camera]
        message, work = await asyncio.get_running_loop().run_in_executor(self._pool, self._encode_timed, snapshot)
        self._budget.spend(work)
        return Made(snapshot.number, message)

    def _encode_timed(self, snapshot: Snapshot) -> tuple[bytes, float]:
        begun = thread_time()
        return self._encode(snapshot), thread_time() - begun

    def _count_work(self) -> float:
        """Seconds of processor time that the event loop has used since it was last asked."""
        before, self._worked = self._worked, thread_time()
        return self._worked - before

    def _ring(self) -> None:
        """Wakes the viewers; once, however much comes before they wake."""
        if not self._rung and self._loop:
            self._rung = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._rung = False
        for waker in self._wakers:
            if waker.ready or self.over:
                waker.set()
