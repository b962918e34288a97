"""Uninterrupted: what FFmpeg would leave half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """An interrupt that comes in the block is raised when the block is done.

    Where FFmpeg writes by way of Python, PyAV would swallow it, and what was to be written with it; behind the encoder
    it would cost a packet that all pictures after it need.
    """
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    come: list[tuple[object, ...]] = []
    signal.signal(signal.SIGINT, lambda *told: come.append(told))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        for told in come[:1]:
            usual(*told)  # type: ignore[arg-type]  # as it was told
