"""Locks between processes: files whose locks the operating system releases when their holder dies, however it dies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger("runner")
WARN_AFTER = 3.0  # seconds of waiting until a warning says so


@contextmanager
def hold_lock(folder: Path, key: str, what: str) -> Iterator[None]:
    """Waits for the lock ``key`` and holds it; after a long wait a warning names ``what`` it is for."""
    lock = _make_lock(folder, key)
    try:
        lock.acquire(timeout=WARN_AFTER)
    except Timeout:
        log.warning("%s: waiting for another process that has it", what)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def try_lock(folder: Path, key: str) -> Iterator[bool]:
    """Holds the lock ``key`` and yields True, or yields False if another process holds it."""
    lock = _make_lock(folder, key)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _make_lock(folder: Path, key: str) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{key}.lock")
