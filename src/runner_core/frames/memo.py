"""Makings: what is made of a picture, each thing once, whichever thread asks first."""

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
    """One thing made, and the milliseconds that it took by itself, without what it was made of.

    ``shape`` is that of an array; None for other things, and for what could not be made.
    """

    key: object
    ms: float
    shape: tuple[int, ...] | None = None


class Memo:
    """Values by key, made when they are first asked for; an ImageError is kept like a value.

    ``log`` has one Making for each time that something was made since ``keep`` was last called.
    """

    def __init__(self) -> None:
        self.log: list[Computed] = []
        self._there: dict[object, Any] = {}
        self._accounted = 0.0  # milliseconds of all things in the log
        self._lock = threading.RLock()

    def __contains__(self, key: object) -> bool:
        return key in self._there

    def put(self, key: object, value: object) -> None:
        """A value that was there from the beginning."""
        self._there[key] = value

    def once(self, key: object, make: Callable[[], T]) -> T:
        """The value; ``make`` may ask for others. Raises the ImageError that it raised, whoever asks."""
        value: T | ImageError
        with self._lock:
            value = self._there[key] if key in self._there else self._made(key, make)
        if isinstance(value, ImageError):
            raise type(value)(value.message, remedy=value.remedy) from value.__cause__  # its own traceback each time
        return value

    def drop(self, key: object) -> None:
        """Forgets a value; it is made anew if it is asked for again."""
        with self._lock:
            self._there.pop(key, None)

    def keep(self, keys: Collection[object]) -> None:
        """Forgets all values but these, and begins a new log."""
        with self._lock:
            self.log = []
            self._there = {key: kept for key, kept in self._there.items() if key in keys}

    def _made(self, key: object, make: Callable[[], T]) -> T | ImageError:
        value: T | ImageError
        begun, before = perf_counter(), self._accounted
        try:
            value = make()
        except ImageError as error:  # so that the next brain hears of it without reading again
            value = error.with_traceback(None)
        parts = self._accounted - before
        making = Computed(key, (perf_counter() - begun) * 1e3 - parts, getattr(value, "shape", None))
        self._accounted += making.ms
        self.log.append(making)
        self._there[key] = value
        return value
