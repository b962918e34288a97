"""The time that a training has, and has taken, over all its calls."""

from __future__ import annotations

import time


def read_seconds() -> float:
    """From any point on; only differences count."""
    return time.monotonic()


class Clock:
    """``spent`` before this call and in it, of ``seconds``."""

    def __init__(self, seconds: float, before: float = 0.0) -> None:
        self.seconds = seconds
        self._start = read_seconds() - before

    @property
    def spent(self) -> float:
        return read_seconds() - self._start

    @property
    def left(self) -> float:
        return self.seconds - self.spent
