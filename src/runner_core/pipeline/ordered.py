"""Every frame of a source, in order, several in flight."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future

from runner_core.frames.frame import Frame
from runner_core.results.result import Result

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
