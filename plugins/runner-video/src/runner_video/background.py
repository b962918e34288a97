"""An iterator that runs in a background thread, so that waiting for it can be interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import TypeVar

T = TypeVar("T")

ITEMS_AHEAD = 2  # are made before somebody asks for them


def iterate_in_background(items: Iterable[T]) -> Iterator[T]:
    """The same items; what they raise is raised here. Closed early, it leaves a waiting thread to end by itself."""
    made: SimpleQueue[tuple[T] | Exception | None] = SimpleQueue()
    room, closed = Semaphore(ITEMS_AHEAD), Event()

    def make() -> None:
        end: Exception | None = None
        try:
            for item in items:
                room.acquire()
                if closed.is_set():
                    return
                made.put((item,))
        except Exception as error:  # noqa: BLE001  # raised again in the thread that takes the items
            end = error
        made.put(end)

    Thread(target=make, name="runner-background", daemon=True).start()
    try:
        while isinstance(got := made.get(), tuple):
            yield got[0]
            room.release()
        if got:
            raise got
    finally:
        closed.set()
        room.release()
