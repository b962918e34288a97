"""Files that are written whole or not at all, and folders for them."""

from __future__ import annotations

import errno
import os
import re
import secrets
from pathlib import Path

from runner_core.util.leftovers import claim_open

_PARTIAL = re.compile(r"\..+-[0-9a-f]{12}\.part")  # as ``write_bytes`` names it


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
            claim_open(stream.fileno())
            stream.write(data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """``write_bytes`` for text, as UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def remove_partials(folder: Path) -> None:
    """Removes what ``write_bytes`` leaves in and below a folder if the process is killed. Raises OSError."""
    for parent, _, names in os.walk(folder):
        for name in filter(_PARTIAL.fullmatch, names):
            (Path(parent) / name).unlink(missing_ok=True)
