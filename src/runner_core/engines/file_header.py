"""The header of a model file: what can be checked before any framework reads it."""

from __future__ import annotations

from pathlib import Path

from runner_core.errors import EngineError

_LENGTH = 512
_OTHER_FILES = {
    b"<!doctype html": ("a web page", "its address leads to a page: fetch the file itself"),
    b"<html": ("a web page", "its address leads to a page: fetch the file itself"),
    b"version https://git-lfs": ("a Git LFS pointer", "run `git lfs pull` where it came from"),
}


def read_header(path: Path) -> bytes:
    """The first 512 bytes of a model file, in which an engine looks for the mark of its format.

    Raises EngineError for what is not a model of any engine: a missing file, a folder, an empty file, a web page, a
    Git LFS pointer.
    """
    try:
        with path.open("rb") as stream:
            header = stream.read(_LENGTH)
    except FileNotFoundError:
        raise EngineError(f"{path}: no such file") from None
    except OSError as error:
        raise EngineError(f"{path}: cannot be read ({error.strerror})") from error
    if not header:
        raise EngineError(f"{path}: the file is empty", remedy="fetch it again")
    for mark, (what, remedy) in _OTHER_FILES.items():
        if header.lstrip().lower().startswith(mark):
            raise EngineError(f"{path}: this is {what}, not a model", remedy=remedy)
    return header
