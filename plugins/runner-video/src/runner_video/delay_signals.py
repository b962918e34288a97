"""Uninterrupted: delays signals while FFmpeg writes, which would otherwise leave a file half written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT, or a SIGTERM that has a handler, that comes in the block is handled when the block is done.

    While FFmpeg writes through Python, PyAV would swallow it together with the data being written; after the encoder
    it would lose a packet that all later pictures need.
    """
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    held = {number: handler for number, handler in usual.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread():
        held = {}
    received: list[tuple[int, FrameType | None]] = []
    for number in held:
        signal.signal(number, lambda number, frame: received.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for came, frame in received[:1]:
            held[signal.Signals(came)](came, frame)
