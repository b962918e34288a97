"""Signals that stop a command: Ctrl-C, and SIGTERM by `timeout`, `docker stop`, systemd. Both end it properly."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

_received = [signal.SIGINT]  # the last one stopped this process's command


def describe_stop() -> tuple[str, int]:
    """The word for how a command was stopped, and its exit code as shells expect it: 130 or 143."""
    return WORDS[_received[-1]], 128 + _received[-1]


@contextmanager
def interrupt_on_sigterm() -> Iterator[None]:
    """Inside the block SIGTERM raises KeyboardInterrupt, unless this process or its parent already handles SIGTERM.

    Only once: `timeout` sends it twice, and the second must not cut short what the first began.
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
    _received.append(signal.SIGTERM)
    raise KeyboardInterrupt
