"""Reading a file that a stranger may have put there: a plain one, of no more than some bytes.

A link may lead to a device without end or to a pipe that nobody writes to, and a sparse file may be larger than memory
although it takes no room.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

MOST_TEXT = 16 * 1024 * 1024  # bytes of a card, a list of labels or metadata: those of a million classes
MOST_YAML = 256 * 1024  # bytes, as it is parsed slowly: the names of 10,000 classes
_CHUNK = 1 << 20
_MOST_DEPTH = 20  # lists and mappings within each other


def open_plain_file(path: Path) -> BufferedReader:
    """For reading. Raises OSError, also for what is no plain file: nobody waits for a pipe."""
    stream = open(path, "rb", opener=_open_without_waiting)  # noqa: SIM115  # Path.open takes no opener
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    return stream


def read_plain_file(path: Path, most: int) -> bytes:
    """The contents. Raises OSError, also for what is no plain file or has more than ``most`` bytes."""
    with open_plain_file(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        data = stream.read(most + 1) if size <= most else b""
    if size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"more than the {most} bytes that are read of such a file", str(path))
    return data


def read_plain_text(path: Path, most: int = MOST_TEXT) -> str:
    """As UTF-8, without a byte order mark. Raises as ``read_plain_file`` does, and UnicodeDecodeError."""
    return read_plain_file(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def copy_plain_file(path: Path, place: Path) -> None:
    """Copies the contents to a new file. Raises OSError, also for what is no plain file."""
    with open_plain_file(path) as stream, place.open("xb") as copy:
        shutil.copyfileobj(stream, copy, _CHUNK)


def parse_plain_yaml(text: str, *, texts: bool = False) -> Any:
    """YAML without aliases, which can make terabytes of a few lines; ``texts`` leaves every scalar a text.

    Raises ``yaml.YAMLError``, also for aliases, for more than ``MOST_YAML`` bytes, or for what is nested too deep.
    """
    import yaml

    if len(text.encode()) > MOST_YAML:
        raise yaml.YAMLError(f"more than the {MOST_YAML} bytes that are read of YAML")
    base: Any = yaml.BaseLoader if texts else yaml.SafeLoader

    class PlainLoader(base):  # type: ignore[misc]
        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not read")
            self.depth += 1
            if self.depth > _MOST_DEPTH:
                raise yaml.YAMLError(f"nested more than {_MOST_DEPTH} deep")
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    return yaml.load(text, Loader=PlainLoader)  # noqa: S506  # a safe one


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe without a writer
