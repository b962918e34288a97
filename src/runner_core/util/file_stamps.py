"""Stamps: what shows that files were changed or replaced meanwhile, by whoever may write beside us."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from runner_core.util.home import NoHomeError, find_home

Stamps = frozenset[tuple[str, int, int, int, int]]
_TICK = 20_000_000  # nanoseconds: two changes that are nearer may have the same time


def stamp_files(paths: Iterable[Path]) -> Stamps:
    """Path, inode, size and both times of each file: all that a swap, there and back, cannot leave as it was.

    Files in RUNNER_HOME are left out: nobody else writes there, and a new link to one changes its time. One that was
    changed just now is waited for, so that a change that follows has another time.
    """
    ours = _find_own_folder()
    strange = [path for path in paths if ours is None or not path.resolve().is_relative_to(ours)]
    if any(was_just_changed(stamp[-1]) for stamp in _read_stamps(strange)):
        time.sleep(_TICK / 1e9)
    return _read_stamps(strange)


def was_just_changed(ctime: int) -> bool:
    """Whether a file of that ``st_ctime_ns`` may be changed once more without another time."""
    now = time.time_ns()
    return now - _TICK < ctime <= now


def _read_stamps(paths: Iterable[Path]) -> Stamps:
    found = [(str(path), path.stat()) for path in paths if path.exists()]
    return frozenset((name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in found)


def _find_own_folder() -> Path | None:
    try:
        return find_home().resolve()
    except NoHomeError:
        return None
