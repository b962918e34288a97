"""Interrupts that are not lost.

Python raises KeyboardInterrupt wherever the main thread is. Where that is a callback from C, such as FFmpeg's, or a
destructor, it is printed and ignored. So whoever handles the signal notes it here first, and what runs for long asks.
"""

from __future__ import annotations

from threading import current_thread, main_thread

_noted = False


def note_interrupt() -> None:
    """To be called before KeyboardInterrupt is raised for a signal."""
    global _noted
    _noted = True


def settle_interrupt() -> None:
    """Somebody has caught the KeyboardInterrupt."""
    global _noted
    _noted = False


def check_interrupt() -> None:
    """Raises the KeyboardInterrupt that was noted and that nobody has caught; only in the main thread."""
    if _noted and current_thread() is main_thread():
        settle_interrupt()
        raise KeyboardInterrupt
