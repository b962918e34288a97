"""Writing a file whole or not at all, and the folder for it."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path


def make_folder(path: Path) -> None:
    """Makes it, and those above it. Raises NotADirectoryError where there is a file, and other OSErrors."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # says of a file, of all things, that it exists
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Writes beside the place, then takes the place by one rename. Raises OSError and leaves nothing."""
    partial = path.with_name(f".{path.name}-{secrets.token_hex(6)}.part")  # named first: Ctrl-C may come at any moment
    try:
        with partial.open("xb") as stream:
            stream.write(data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """The same for text, as UTF-8."""
    write_bytes(path, text.encode("utf-8"))
