"""What killed processes left in ``RUNNER_HOME``: transfers, folders that were being made, locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain
from pathlib import Path

from runner_core.cache.locks import try_lock
from runner_core.util.leftovers import Leftover, claim_path, find_leftovers

_LOCK = ".lock"
_UNPACKING = ".unpacking-*"


def find_cache_leftovers(root: Path) -> Iterator[Leftover]:
    """All of them, locks last; also those that a living process uses.

    A transfer that is removed begins anew the next time. What is known of a file's sha256 stays.
    """
    locks = root / "partial"
    for folder in sorted((root / "making").glob("*-*")):
        yield Leftover(folder, partial(_try_key, locks, folder.name.partition("-")[0]))
    for note in sorted(locks.glob("*.validator")):
        for path in (note.with_suffix(""), note):
            if path.exists():
                yield Leftover(path, partial(_try_key, locks, note.stem))
    for path in sorted(chain(root.glob(f"bundles/**/{_UNPACKING}"), root.glob(f"brains/**/{_UNPACKING}"))):
        yield Leftover(path, partial(claim_path, path))
    yield from (each for each in find_leftovers(root, random_only=True) if each.path.parent == root)
    for path in sorted(chain(root.glob(f"*{_LOCK}"), root.glob(f"partial/*{_LOCK}"), root.glob(f"runs/*{_LOCK}"))):
        yield Leftover(path, partial(_try_key, path.parent, path.stem), is_lock=True)


def _try_key(folder: Path, key: str) -> AbstractContextManager[bool]:
    """Tries the lock; where there is no such file nobody has it, and none is made."""
    return try_lock(folder, key) if (folder / f"{key}{_LOCK}").exists() else nullcontext(True)
