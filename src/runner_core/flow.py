"""Every frame of a source, in order, several in flight."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from runner_core.frame import Frame
from runner_core.result import Result

Work = Callable[[Frame], Result]


def thread_budget(asked: int | None) -> int:
    """The threads of a run: as asked, else OMP_NUM_THREADS, else the cores that this process may use."""
    named = os.environ.get("OMP_NUM_THREADS", "")
    if asked or named.isdigit():
        return asked or int(named)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def every(frames: Iterable[Frame], work: Work, threads: int) -> Generator[Result]:
    """The results of all frames in order, at most twice ``threads`` frames at a time.

    One thread a frame: a small network gains nothing from more, several frames at once gain nearly all there is.
    Where ``frames`` raises, what was begun is given first.
    """
    if threads == 1:
        yield from map(work, frames)
        return
    begun: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="runner")
    try:
        for frame in _until_error(frames, begun):
            begun.append(pool.submit(work, frame))
            if len(begun) >= 2 * threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _until_error(frames: Iterable[Frame], begun: deque[Future[Result]]) -> Iterator[Frame]:
    """The frames; an error of theirs takes its turn behind the work already begun."""
    try:
        yield from frames
    except Exception as error:  # noqa: BLE001  # raised again by the consumer, in its turn
        failed: Future[Result] = Future()
        failed.set_exception(error)
        begun.append(failed)
