"""Memo: what is computed from a picture, each thing once, whichever thread asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from time import perf_counter
from typing import Any, TypeVar

import attrs

from runner_core.errors import ImageError

T = TypeVar("T")


@attrs.frozen
class Computed:
    """One value that was computed, and the milliseconds it took without those of the values it was computed from.

    ``shape`` is that of an array; None for other values, and for what could not be computed.
    """

    key: object
    ms: float
    shape: tuple[int, ...] | None = None


class Memo:
    """Values by key, computed when they are first asked for; an ImageError is kept like a value.

    ``log`` has one Computed for each time that something was computed since ``keep_only`` was last called.
    """

    def __init__(self) -> None:
        self.log: list[Computed] = []
        self._values: dict[object, Any] = {}
        self._logged_ms = 0.0  # of all values in the log
        self._lock = threading.RLock()

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def put(self, key: object, value: object) -> None:
        """Stores a value that need not be computed."""
        self._values[key] = value

    def get_or_compute(self, key: object, compute: Callable[[], T]) -> T:
        """The value; ``compute`` may ask for others. An ImageError that it raised is raised again on each call."""
        value: T | ImageError
        with self._lock:
            value = self._values[key] if key in self._values else self._compute(key, compute)
        if isinstance(value, ImageError):
            raise type(value)(value.message, remedy=value.remedy) from value.__cause__  # its own traceback each time
        return value

    def drop(self, key: object) -> None:
        """Forgets a value; it is computed again when it is asked for again."""
        with self._lock:
            self._values.pop(key, None)

    def keep_only(self, keys: Collection[object]) -> None:
        """Forgets all other values, and begins a new log."""
        with self._lock:
            self.log = []
            self._values = {key: kept for key, kept in self._values.items() if key in keys}

    def _compute(self, key: object, compute: Callable[[], T]) -> T | ImageError:
        value: T | ImageError
        start, before = perf_counter(), self._logged_ms
        try:
            value = compute()
        except ImageError as error:  # kept, so that the next brain gets it without reading the file again
            value = error.with_traceback(None)
        parts = self._logged_ms - before
        computed = Computed(key, (perf_counter() - start) * 1e3 - parts, getattr(value, "shape", None))
        self._logged_ms += computed.ms
        self.log.append(computed)
        self._values[key] = value
        return value
