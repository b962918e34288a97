"""What the operating system says of the cache's disk, in words that help."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner_core.errors import StoreError
from runner_core.util.home import HOME_VARIABLE

_ELSEWHERE = f"set {HOME_VARIABLE} to a folder of yours"
_FREE = "free some space: `runner brains prune --keep-size 1GB`"
_REMEDIES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST), _ELSEWHERE),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FREE),
}


@contextmanager
def usable(root: Path) -> Iterator[None]:
    """Turns an OSError into a StoreError that says which file of the cache, and what to do."""
    try:
        yield
    except OSError as error:
        place = error.filename or root
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise StoreError(f"{place}: the cache cannot be used ({error.strerror or error})", remedy=remedy) from error
