"""Files that are written whole or not at all, and folders for them."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path


def make_folder(path: Path) -> None:
    """Makes the folder and its parents. Raises NotADirectoryError if there is a file, and other OSErrors."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # mkdir's message about a file is only that it exists
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file beside ``path``, then renames it to ``path``. Raises OSError, and then leaves no file behind."""
    partial = path.with_name(f".{path.name}-{secrets.token_hex(6)}.part")  # before try: Ctrl-C may come at any time
    try:
        with partial.open("xb") as stream:
            stream.write(data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """``write_bytes`` for text, as UTF-8."""
    write_bytes(path, text.encode("utf-8"))
