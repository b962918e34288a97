"""Every frame of a source, in order, several in flight."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from threading import Event, Semaphore, Thread

from runner_core.frames.frame import Frame
from runner_core.pipeline.mailbox import close_frames
from runner_core.results.result import Result
from runner_core.util.interrupts import check_interrupt

_TO_ASK = 1.0  # seconds of waiting after which it asks whether it was interrupted

Work = Callable[[Frame], Result]


def run_every(frames: Iterable[Frame], work: Work, pool: Executor, at_once: int) -> Generator[Result]:
    """The results of all frames in order, ``at_once`` of them in work and as many waiting to be taken.

    No frame is read before there is room for it. If ``frames`` raises, the results of earlier frames come first. Closed
    early, it begins nothing more; shutting the pool down waits for what is in work.
    """
    pending: deque[Future[Result]] = deque()
    try:
        for frame in _until_error(frames, pending):
            pending.append(pool.submit(work, frame))
            if len(pending) >= 2 * at_once:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _until_error(frames: Iterable[Frame], pending: deque[Future[Result]]) -> Iterator[Frame]:
    """The frames; an error of theirs takes its turn after the work already begun."""
    try:
        yield from frames
    except Exception as error:  # noqa: BLE001  # raised again by the consumer, in its turn
        failed: Future[Result] = Future()
        failed.set_exception(error)
        pending.append(failed)


def run_watched(frames: Iterator[Frame], work: Work, pool: Executor, at_once: int) -> Generator[Result]:
    """As ``run_every``, of a source that waits for its frames: each result is given as soon as it is ready.

    The frames are read in a thread of their own, which may still wait for one after this is closed.
    """
    begun: SimpleQueue[Future[Result] | None] = SimpleQueue()
    room, closed = Semaphore(2 * at_once), Event()

    def read() -> None:
        try:
            while room.acquire() and not closed.is_set() and (frame := next(frames, None)) is not None:
                begun.put(pool.submit(work, frame))
        except BaseException as error:  # noqa: BLE001  # raised again by the consumer, in its turn
            failed: Future[Result] = Future()
            failed.set_exception(error)
            begun.put(failed)
        finally:
            begun.put(None)
            close_frames(frames)

    Thread(target=read, name="runner-watch", daemon=True).start()
    try:
        while future := _take(begun):
            yield future.result()
            room.release()
    finally:
        closed.set()
        room.release()
        while not begun.empty():
            if future := begun.get():
                future.cancel()


def _take(begun: SimpleQueue[Future[Result] | None]) -> Future[Result] | None:
    while True:
        try:
            return begun.get(timeout=_TO_ASK)
        except Empty:
            check_interrupt()
