"""Budget: what pages may cost a run, however many are open."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from runner_core.pipeline import count_cores

SHARE = 0.05  # of the machine's processors
LONGEST = 1.0  # seconds between two pictures, however much one costs


class Budget:
    """Work may begin when the one before has been paid for: after ``t`` seconds of work, ``t / share`` seconds."""

    def __init__(self, share: float | None = None, clock: Callable[[], float] = monotonic) -> None:
        """``share``: seconds of processor time in a second; None: ``SHARE`` of all that this process may use."""
        self._share = SHARE * count_cores() if share is None else share
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
