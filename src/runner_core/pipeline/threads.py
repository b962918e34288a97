"""ThreadSplit: how many threads a run has, and what each of them does."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from typing import Self

import attrs


def get_thread_budget(threads: int | None) -> int:
    """The threads of a run: ``threads``, else OMP_NUM_THREADS, else the cores that this process may use."""
    named = os.environ.get("OMP_NUM_THREADS", "")
    if threads or named.isdigit():
        return threads or int(named) or 1
    return count_cores()


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@attrs.frozen
class ThreadSplit:
    """A run's threads: ``frames`` in work at a time, ``brains`` at a time on each, ``within`` one call of a brain.

    Of files, each frame has one thread: a small network gains nothing from more, and several frames at once use nearly
    all cores. Of a live source, the newest frame has all threads.
    """

    total: int
    frames: int
    brains: int
    within: int

    @classmethod
    def split(cls, total: int, *, live: bool, firsts: Iterable[Hashable]) -> Self:
        """``total`` threads for chains of brains, of which ``firsts`` has the first brain each: as typed, or loaded.

        The brains of one chain run one after the other, and so do chains that begin with the same brain, which runs
        once for all of them: as many brains run side by side as there are different first ones.
        """
        if not live:
            return cls(total, frames=total, brains=1, within=1)
        side_by_side = max(1, min(total, len(set(firsts))))
        return cls(total, frames=1, brains=side_by_side, within=max(1, total // side_by_side))

    @property
    def workers(self) -> int:
        """The threads that runner itself starts."""
        return self.frames * self.brains
