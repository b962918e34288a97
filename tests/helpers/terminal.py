"""A terminal that shows what a command writes."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any


def run_in_terminal(words: Sequence[str], **options: Any) -> tuple[int, str]:
    """The exit code, and what is shown of standard error, and of standard output unless ``stdout`` leads elsewhere.

    ``options`` are those of Popen.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, **{"stdout": theirs, "stderr": theirs} | options) as process:
        os.close(theirs)
        shown = b"".join(_read_all(ours))
        os.close(ours)
        code = process.wait(60)
    return code, shown.decode(errors="replace")


def _read_all(terminal: int) -> Iterator[bytes]:
    try:
        while part := os.read(terminal, 1 << 16):
            yield part
    except OSError:  # nobody has its other end open any more
        return
