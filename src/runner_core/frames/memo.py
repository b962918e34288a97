"""Memo: what is computed from a picture, each thing once, whichever thread asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from time import perf_counter
from typing import Any, TypeVar

import attrs

from runner_core.errors import ImageError, RunnerError

T = TypeVar("T")
E = TypeVar("E", bound=RunnerError)

# The keys of a frame's own values, and the stage of a run that each belongs to.
DECODED = ("pixels", "reduced")
_STAGES = {"encoded": "read", **dict.fromkeys(("opened", "size", "image", "sufficient", *DECODED), "decode")}


@attrs.frozen
class Computed:
    """One value that was computed, and the milliseconds it took without those of the values it was computed from.

    ``shape`` is that of an array; None for other values, and for what could not be computed.
    """

    key: object
    ms: float
    shape: tuple[int, ...] | None = None


@attrs.frozen
class FeaturesKey:
    """What a trunk computes of a frame: the same if the same loaded trunk is fed the very same arrays.

    ``trunk``  for people; ``fed`` tells by their ids what was fed and asked for, ``held`` keeps these ids taken.
    """

    trunk: str
    fed: tuple[object, ...]
    held: object = attrs.field(eq=False, repr=False)


def stage_of(computed: Computed) -> str:
    """The stage of a run that a value's time counts for: ``read``, ``decode``, ``prepare`` or ``trunk``."""
    return "trunk" if isinstance(computed.key, FeaturesKey) else _STAGES.get(str(computed.key), "prepare")


class Memo:
    """Values by key, computed when they are first asked for; an ImageError is kept like a value.

    ``log`` has one Computed for each time that something was computed since ``keep_only`` was last called.
    """

    def __init__(self) -> None:
        self.log: list[Computed] = []
        self._values: dict[object, Any] = {}
        self._logged_ms = 0.0  # of all values in the log
        self._lock = threading.RLock()
        self._turns: dict[object, threading.Lock] = {}  # of what is computed apart

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def put(self, key: object, value: object) -> None:
        """Stores a value that need not be computed."""
        self._values[key] = value

    def get_or_compute(self, key: object, compute: Callable[[], T]) -> T:
        """The value; ``compute`` may ask for others. An ImageError that it raised is raised again on each call."""
        with self._lock:
            value: T | ImageError = self._values[key] if key in self._values else self._compute(key, compute)
        return _give(value)

    def compute_apart(self, key: object, compute: Callable[[], T]) -> T:
        """As ``get_or_compute``, while other threads go on with other keys: for what takes long.

        ``compute`` asks this memo for nothing; any RunnerError that it raised is raised again on each call.
        """
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            if key not in self._values:
                start, value = perf_counter(), _try(compute, RunnerError)
                with self._lock:
                    self.log.append(Computed(key, (perf_counter() - start) * 1e3))
                    self._values[key] = value
            else:
                value = self._values[key]
        return _give(value)

    def drop(self, key: object) -> None:
        """Forgets a value; it is computed again when it is asked for again."""
        with self._lock:
            self._values.pop(key, None)

    def keep_only(self, keys: Collection[object]) -> None:
        """Forgets all other values, and begins a new log."""
        with self._lock:
            self.log = []
            self._turns = {}
            self._values = {key: kept for key, kept in self._values.items() if key in keys}

    def _compute(self, key: object, compute: Callable[[], T]) -> T | ImageError:
        start, before = perf_counter(), self._logged_ms
        value = _try(compute, ImageError)
        parts = self._logged_ms - before
        computed = Computed(key, (perf_counter() - start) * 1e3 - parts, getattr(value, "shape", None))
        self._logged_ms += computed.ms
        self.log.append(computed)
        self._values[key] = value
        return value


def _try(compute: Callable[[], T], kind: type[E]) -> T | E:
    """An error of this kind is a value, so that the next brain gets it without the work that led to it."""
    try:
        return compute()
    except kind as error:
        return error.with_traceback(None)


def _give(value: T | RunnerError) -> T:
    """The value, or the error raised, with its own traceback each time."""
    if isinstance(value, RunnerError):
        raise type(value)(value.message, remedy=value.remedy) from value.__cause__
    return value
