"""The folder for runner's files, and whether runner may use the network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import platformdirs

from runner_core.errors import OfflineError, UsageError
from runner_core.util.settings import is_set

HOME_VARIABLE = "RUNNER_HOME"
OFFLINE_VARIABLE = "RUNNER_OFFLINE"
_offline = ContextVar("offline", default=False)


class NoHomeError(UsageError):
    """There is no folder for what runner keeps."""


def find_home() -> Path:
    """The folder named by ``RUNNER_HOME``, else ``runner`` in the user's cache folder; never a temporary folder.

    Raises NoHomeError for a user without a home folder.
    """
    value = os.environ.get(HOME_VARIABLE)
    try:
        return Path(value).expanduser() if value else platformdirs.user_cache_path("runner", appauthor=False)
    except RuntimeError:
        raise NoHomeError(
            f"this user has no home folder{f' for {value}' if value else ''}", remedy=f"set {HOME_VARIABLE} to a folder"
        ) from None


def is_offline() -> bool:
    """Whether ``RUNNER_OFFLINE`` or ``stay_offline`` forbids every connection."""
    return _offline.get() or is_set(OFFLINE_VARIABLE)


@contextmanager
def stay_offline() -> Iterator[None]:
    """Inside the block this thread makes no connection: what needs one raises OfflineError."""
    before = _offline.set(True)
    try:
        yield
    finally:
        _offline.reset(before)


def describe_offline() -> str:
    """Why no connection is made, for a message; empty where one may be made."""
    return f"{OFFLINE_VARIABLE} forbids every connection" if is_offline() else ""


def require_online(wanted: str) -> None:
    """Raises OfflineError with ``wanted``, what is missing. Call it before any socket is opened."""
    if is_offline():
        raise OfflineError(
            f"{wanted} is not here and {OFFLINE_VARIABLE} is set", remedy="unset it, or pull while online"
        )
