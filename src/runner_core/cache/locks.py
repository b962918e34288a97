"""Locks between processes: files that the operating system lets go of when their holder dies, however it dies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger("runner")
PATIENCE = 3.0  # seconds, before it is said that there is something to wait for


@contextmanager
def held(folder: Path, key: str, what: str) -> Iterator[None]:
    """Waits for the lock ``key`` and holds it; ``what`` it is for is said where the wait is long."""
    lock = _lock(folder, key)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        log.warning("%s: waiting for another process that has it", what)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def held_if_free(folder: Path, key: str) -> Iterator[bool]:
    """Holds the lock and gives True, or gives False where somebody else holds it."""
    lock = _lock(folder, key)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _lock(folder: Path, key: str) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{key}.lock")
