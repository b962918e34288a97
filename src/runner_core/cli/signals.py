"""Stopping a command: by Ctrl-C or, as `timeout`, `docker stop` and systemd do, by SIGTERM. Both end it properly."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

_came = [signal.SIGINT]  # the last is what stopped this process's command


def describe_stop() -> tuple[str, int]:
    """What is said of a command that was stopped, and its exit code, as shells have it: 130 or 143."""
    return WORDS[_came[-1]], 128 + _came[-1]


@contextmanager
def interrupt_on_sigterm() -> Iterator[None]:
    """Inside the block SIGTERM raises KeyboardInterrupt, unless whoever started this process, or is it, does otherwise.

    Once: `timeout` sends it twice, and the second must not cut short what the first began.
    """
    if current_thread() is not main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    _came.append(signal.SIGTERM)
    raise KeyboardInterrupt
