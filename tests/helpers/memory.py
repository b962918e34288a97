"""How much memory this process uses."""

from __future__ import annotations

import os
from pathlib import Path


def resident_bytes() -> int:
    """Only on Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
