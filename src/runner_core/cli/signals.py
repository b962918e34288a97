"""Signals that stop a command: Ctrl-C; SIGTERM by `timeout`, `docker stop`, systemd; SIGHUP as its terminal closes.

All end it properly.
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from types import FrameType

from runner_core.util.interrupts import note_interrupt, settle_interrupt

_HANG_UP = getattr(signal, "SIGHUP", None)  # Windows has none
_STOPPING = tuple(number for number in (signal.SIGTERM, _HANG_UP) if number is not None)
WORDS = {signal.SIGINT: "interrupted", **dict.fromkeys(_STOPPING, "terminated")}

_received = [signal.SIGINT]  # the last one stopped this process's command


def describe_stop() -> tuple[str, int]:
    """The word for how a command was stopped, and its exit code as shells expect it: 130, 143 or 129."""
    return WORDS[_received[-1]], 128 + _received[-1]


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """Inside the block SIGTERM and SIGHUP raise KeyboardInterrupt, unless this process or its parent handles them.

    `nohup` does so. Each only once: `timeout` sends it twice, and the second must not cut short what the first began.
    Ctrl-C raises it as ever. All are noted, so that ``check_interrupt`` finds one that was lost.
    """
    alone = current_thread() is main_thread()
    usual = {signal.SIGINT: signal.default_int_handler, **dict.fromkeys(_STOPPING, signal.SIG_DFL)}
    ours = {number: handler for number, handler in usual.items() if alone and signal.getsignal(number) is handler}
    settle_interrupt()
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        settle_interrupt()
        for number, handler in ours.items():
            if signal.getsignal(number) is _interrupt:
                signal.signal(number, handler)


def _interrupt(number: int, _: FrameType | None) -> None:
    for each in _STOPPING if number != signal.SIGINT else ():
        if signal.getsignal(each) is _interrupt:
            signal.signal(each, signal.SIG_IGN)
    if number == _HANG_UP:
        _leave_terminal()
    _received.append(signal.Signals(number))
    note_interrupt()
    raise KeyboardInterrupt


def _leave_terminal() -> None:
    """Sends what is still printed nowhere: a terminal that is gone would end the command in the middle of its end."""
    for descriptor in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
