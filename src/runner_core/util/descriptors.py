"""Standard output, and other files that are open already, as people type them."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from runner_core.util.home import expand_home

STANDARD_OUTPUT = Path("/dev/stdout")
_OPEN = re.compile(r"/dev/(?:(stdin)|(stdout)|(stderr)|fd/(\d+))|/proc/self/fd/(\d+)")


def to_output_path(place: str | os.PathLike[str]) -> Path:
    """Where a file is written that is typed so; ``-`` is standard output."""
    return STANDARD_OUTPUT if place == "-" else Path(expand_home(place))


def find_descriptor(path: str | os.PathLike[str]) -> int | None:
    """The number of the open file that a path names, such as ``/dev/stdout``; None for any other path.

    To open such a path again would begin a file anew that somebody else has begun.
    """
    found = _OPEN.fullmatch(Path(path).as_posix())
    if found is None:
        return None
    return int(found[4] or found[5]) if found.lastindex in (4, 5) else (found.lastindex or 1) - 1


def open_descriptor(number: int) -> int:
    """A descriptor of its own for a file that is open already, behind what Python has printed. Raises OSError."""
    if number == 1:
        sys.stdout.flush()
        with suppress(OSError, AttributeError):  # a notebook's is no file
            number = sys.stdout.fileno()
    return os.dup(number)
