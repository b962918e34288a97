"""Signals that wait: until what must not stay half written is written, or until somebody asks for them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_Handler = Callable[[int, FrameType | None], object]
_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT, or a SIGTERM or SIGHUP that has a handler, that comes in the block is handled when the block is done."""
    held = _find_handlers()
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


class WaitingSignal:
    """The first SIGINT, SIGTERM or SIGHUP of a block of ``hold_first_signal``."""

    def __init__(self, handlers: dict[signal.Signals, _Handler]) -> None:
        self._handlers = handlers
        self._first: tuple[int, FrameType | None] | None = None
        self._handled = False

    @property
    def came(self) -> bool:
        return self._first is not None

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Keeps the first one. A second Ctrl-C is handled at once; others are not: `timeout` sends its signal twice."""
        if self._first is None:
            self._first = number, frame
        elif number == signal.SIGINT:
            self._handled = True
            self._handlers[signal.SIGINT](number, frame)

    def handle(self) -> None:
        """Does what the signal does, once: raises KeyboardInterrupt, as a rule. Nothing where none came."""
        if self._first is not None and not self._handled:
            self._handled = True
            number, frame = self._first
            self._handlers[signal.Signals(number)](number, frame)


@contextmanager
def hold_first_signal() -> Iterator[WaitingSignal]:
    """In the block the first signal that would stop the process waits until ``handle`` is called."""
    held = _find_handlers()
    waiting = WaitingSignal(held)
    try:
        for number in held:
            signal.signal(number, waiting.receive)
        yield waiting
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
    with suppress(KeyboardInterrupt):  # whoever notes signals hears of it; the block is done
        waiting.handle()


def _find_handlers() -> dict[signal.Signals, _Handler]:
    """Of the signals that stop; none outside of the main thread, which alone may change them."""
    is_main = threading.current_thread() is threading.main_thread()
    usual = {number: signal.getsignal(number) for number in _STOPPING} if is_main else {}
    return {number: handler for number, handler in usual.items() if callable(handler)}
