"""How much memory a process holds."""

import os
from pathlib import Path


def get_resident_bytes(process: int | str = "self") -> int:
    """Bytes of this process, or that of a number, that are in memory now. Only on Linux."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
