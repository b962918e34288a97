"""Where runner keeps things, and whether it may ask the network."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from runner_core.errors import OfflineError

HOME_VARIABLE = "RUNNER_HOME"
OFFLINE_VARIABLE = "RUNNER_OFFLINE"


def home() -> Path:
    """``RUNNER_HOME``, else the user's cache folder; never a temporary one."""
    named = os.environ.get(HOME_VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("runner", appauthor=False)


def offline() -> bool:
    """Whether ``RUNNER_OFFLINE`` forbids every connection."""
    return os.environ.get(OFFLINE_VARIABLE, "").lower() not in ("", "0", "false", "no")


def require_online(wanted: str) -> None:
    """Raises OfflineError saying what is missing. Called before any socket is opened."""
    if offline():
        raise OfflineError(
            f"{wanted} is not here and {OFFLINE_VARIABLE} is set", remedy="unset it, or pull while online"
        )
