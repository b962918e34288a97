"""Threads: how many a run has, and how they are shared out."""

from __future__ import annotations

import os
from typing import Self

import attrs


def thread_budget(asked: int | None) -> int:
    """The threads of a run: as asked, else OMP_NUM_THREADS, else the cores that this process may use."""
    named = os.environ.get("OMP_NUM_THREADS", "")
    if asked or named.isdigit():
        return asked or int(named) or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@attrs.frozen
class Threads:
    """A run's threads: ``frames`` in work at a time, ``brains`` at a time on each, ``within`` one call of a brain.

    Of files each frame has a thread: a small network gains nothing from more, several frames at once gain nearly all
    there is. Of a live source the newest frame has them all.
    """

    total: int
    frames: int
    brains: int
    within: int

    @classmethod
    def shared(cls, total: int, *, live: bool, brains: int) -> Self:
        """``total`` threads for that many brains."""
        if not live:
            return cls(total, frames=total, brains=1, within=1)
        at_once = max(1, min(total, brains))
        return cls(total, frames=1, brains=at_once, within=max(1, total // at_once))

    @property
    def workers(self) -> int:
        """Those that runner itself starts."""
        return self.frames * self.brains
