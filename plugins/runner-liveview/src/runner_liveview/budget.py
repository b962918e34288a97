"""Budget: what pages may cost a run, however many are open."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic

SHARE = 0.05  # of the machine's processors
LONGEST = 1.0  # seconds between two pictures, however much one costs


class Budget:
    """Work may begin when the one before has been paid for: after ``t`` seconds of work, ``t / share`` seconds."""

    def __init__(self, share: float | None = None, clock: Callable[[], float] = monotonic) -> None:
        """``share``: seconds of processor time in a second; None: ``SHARE`` of all that this process may use."""
        self._share = SHARE * count_processors() if share is None else share
        self._clock = clock
        self._due = 0.0

    @property
    def wait(self) -> float:
        """Seconds until the next work may begin."""
        return max(0.0, self._due - self._clock())

    def spend(self, seconds: float) -> None:
        """Notes processor time that was used."""
        now = self._clock()
        self._due = min(max(self._due, now) + seconds / self._share, now + LONGEST)


def count_processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
