"""Uninterrupted: delays signals while something is written that must not stay half written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT, or a SIGTERM or SIGHUP that has a handler, that comes in the block is handled when the block is done."""
    is_main = threading.current_thread() is threading.main_thread()
    usual = {number: signal.getsignal(number) for number in _STOPPING} if is_main else {}
    held = {number: handler for number, handler in usual.items() if callable(handler)}
    received: list[tuple[int, FrameType | None]] = []
    try:
        for number in held:
            signal.signal(number, lambda number, frame: received.append((number, frame)))
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for came, frame in received[:1]:
            held[signal.Signals(came)](came, frame)
