"""What a download may take of the disk and of time, whatever the server sends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from runner_core.errors import StoreError

MOST_UNTOLD = 4 << 30  # bytes of a file whose length neither the store nor the server says
LEAST_FREE = 256 << 20  # bytes of the disk that a file of unknown length leaves to others
LEAST_RATE = 1000  # bytes a second, over a window
WINDOW = 120.0  # seconds
_STEP = 64 << 20  # bytes between two looks at the disk


class Limits:
    """Watches one transfer to ``path``: call ``count`` after each part of it. ``total`` is its length, if known.

    Raises StoreError before the first byte if the disk has no room for it.
    """

    def __init__(self, name: str, path: Path, total: int | None, *, clock: Callable[[], float] = monotonic) -> None:
        self._name, self._path, self._total, self._clock = name, path, total, clock
        self._begun, self._before, self._looked = clock(), 0, 0
        arrived = path.stat().st_size if path.exists() else 0
        self._demand_room((total or arrived) - arrived)

    def count(self, arrived: int) -> None:
        """``arrived`` bytes are there. Raises StoreError for too many, too slow, or a disk that is nearly full."""
        if self._total is None and arrived > MOST_UNTOLD:
            raise StoreError(
                f"{self._name}: more than {MOST_UNTOLD} bytes, and the server does not say how long it is",
                remedy="tell the store's owner; a brain.json that says the file's size lifts this limit",
            )
        if arrived - self._looked >= _STEP:
            self._looked = arrived
            self._demand_room(0)
        self._demand_rate(arrived)

    def _demand_room(self, more: int) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if free < (LEAST_FREE if self._total is None else more):
            raise StoreError(
                f"{self._name}: it does not fit, {free} bytes are free in {self._path.parent}",
                remedy="free some space: `runner brains prune`; or set RUNNER_HOME to another disk",
            )

    def _demand_rate(self, arrived: int) -> None:
        now = self._clock()
        if now - self._begun < WINDOW:
            return
        if arrived - self._before < LEAST_RATE * WINDOW:
            raise StoreError(
                f"{self._name}: fewer than {LEAST_RATE} bytes a second for {WINDOW:.0f} s",
                remedy="try again later: what arrived is kept",
            )
        self._begun, self._before = now, arrived
