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

    No frame is read before there is room for it. Where ``frames`` raises, what was begun is given first. Closed early,
    it begins nothing more; what is in work is left to whoever shuts the pool down.
    """
    begun: deque[Future[Result]] = deque()
    try:
        for frame in _until_error(frames, begun):
            begun.append(pool.submit(work, frame))
            if len(begun) >= 2 * at_once:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        for future in begun:
            future.cancel()


def _until_error(frames: Iterable[Frame], begun: deque[Future[Result]]) -> Iterator[Frame]:
    """The frames; an error of theirs takes its turn behind the work already begun."""
    try:
        yield from frames
    except Exception as error:  # noqa: BLE001  # raised again by the consumer, in its turn
        failed: Future[Result] = Future()
        failed.set_exception(error)
        begun.append(failed)
