"""Places to write to: files that appear whole, folders that can be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from runner_core.errors import SinkError


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file beside the place, which takes the place when the block ends, be it by an exception.

    Where writing itself failed nothing takes it. Raises SinkError for both, and where the folder cannot be written.
    """
    with said(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream, said(path):
            yield stream
    except SinkError:
        partial.unlink(missing_ok=True)
        raise
    except BaseException:
        _publish(partial, path)
        raise
    _publish(partial, path)


def _publish(partial: Path, path: Path) -> None:
    try:
        with said(path):
            partial.chmod(0o644)  # mkstemp makes it private, which a file of a person's folder is not
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def writable_folder(folder: Path) -> None:
    """Makes it. Raises SinkError where nothing can be written there."""
    with said(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Turns what the system says into a SinkError about this path."""
    try:
        yield
    except OSError as error:
        raise SinkError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="make room, or name a place that you may write to",
        ) from error
