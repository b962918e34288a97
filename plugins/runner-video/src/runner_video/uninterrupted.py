"""Uninterrupted: what FFmpeg would leave half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """An interrupt, or a SIGTERM that is handled as one, that comes in the block is raised when the block is done.

    Where FFmpeg writes by way of Python, PyAV would swallow it, and what was to be written with it; behind the encoder
    it would cost a packet that all pictures after it need.
    """
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    held = {number: handler for number, handler in usual.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread():
        held = {}
    come: list[tuple[int, FrameType | None]] = []
    for number in held:
        signal.signal(number, lambda *told: come.append(told))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for came, frame in come[:1]:
            held[signal.Signals(came)](came, frame)
