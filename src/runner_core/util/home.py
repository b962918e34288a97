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
TRAINED = "trained"  # the folder, and the alias of the store that it is
_offline = ContextVar("offline", default=False)


class NoHomeError(UsageError):
    """There is no home folder, or no folder for what runner keeps."""


def expand_home(path: str | os.PathLike[str]) -> str:
    """The path with the home folder of this user, or of another, in place of a ``~`` or ``~name`` at its front.

    A tilde elsewhere, and one before what is no user's name, is a part of a name. Raises NoHomeError for ``~/`` where
    this user has no home folder.
    """
    text = os.fspath(path)
    if not text.startswith("~"):
        return text
    expanded = os.path.expanduser(text)  # noqa: PTH111  # Path's raises for a name that is no user's
    if expanded[:1] == "~" and expanded[1:2] in ("", "/", os.sep):
        raise NoHomeError(f"{text}: this user has no home folder", remedy="write the whole path")
    return expanded


def find_home() -> Path:
    """The folder named by ``RUNNER_HOME``, else ``runner`` in the user's cache folder; never a temporary folder.

    Raises NoHomeError for a user without a home folder.
    """
    value = os.environ.get(HOME_VARIABLE)
    try:
        return Path(expand_home(value)) if value else platformdirs.user_cache_path("runner", appauthor=False)
    except (RuntimeError, NoHomeError):
        raise NoHomeError(
            f"this user has no home folder{f' for {value}' if value else ''}", remedy=f"set {HOME_VARIABLE} to a folder"
        ) from None


def find_trained_home() -> Path:
    """The folder for brains that are trained here: ``trained`` in ``RUNNER_HOME``, else in the user's data folder.

    Not in the cache folder, which people and systems clear: nothing brings these brains back. Raises NoHomeError.
    """
    if os.environ.get(HOME_VARIABLE):
        return find_home() / TRAINED
    try:
        return platformdirs.user_data_path("runner", appauthor=False) / TRAINED
    except RuntimeError:
        raise NoHomeError("this user has no home folder", remedy=f"set {HOME_VARIABLE} to a folder") from None


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
