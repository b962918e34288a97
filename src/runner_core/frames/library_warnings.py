"""What Pillow warns of while this thread reads a picture: gathered, so that it is said with the name of the file."""

from __future__ import annotations

import ctypes
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, cast

from PIL import _imaging

_own = threading.local()

# Pillow logs a few errors that it raises as well. Without a handler, Python would print them.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@lru_cache(maxsize=1)
def silence_libtiff() -> None:
    """Keeps the libtiff in Pillow from printing why it fails: Pillow raises an error then."""
    with suppress(OSError, AttributeError):  # where it is linked otherwise, it cannot be reached
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
        set_handler.restype, set_handler.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
        set_handler(None)


class _Gatherer:
    """Stands for the pattern in one of Python's filters: matches what this thread gathers, which is then ignored.

    ``warnings.catch_warnings`` would change the filters of all threads.
    """

    def match(self, text: str) -> bool:
        texts: list[str] | None = getattr(_own, "texts", None)
        if texts is None or "deprecated" in text:  # which is for developers
            return False
        texts.append(" ".join(text.split()))
        return True


_FILTER = ("ignore", _Gatherer(), Warning, None, 0)


@contextmanager
def gather_warnings() -> Iterator[list[str]]:
    """The warnings that this thread raises in the block, each as one line; nothing prints them."""
    filters = cast("list[Any]", warnings.filters)
    if not filters or filters[0] is not _FILTER:  # tests, and whoever changes filters, put others before it
        filters.insert(0, _FILTER)
    before: list[str] | None = getattr(_own, "texts", None)
    texts: list[str] = []
    _own.texts = texts
    try:
        yield texts
    finally:
        _own.texts = before
