"""Model files: what can be said of one before any framework reads it."""

from __future__ import annotations

from pathlib import Path

from runner_core.errors import EngineError

_HEAD = 512
_NO_MODELS = {
    b"<!doctype html": ("a web page", "the address it was fetched from gives a page: fetch the file itself"),
    b"<html": ("a web page", "the address it was fetched from gives a page: fetch the file itself"),
    b"version https://git-lfs": ("a Git LFS pointer", "run `git lfs pull` where it came from"),
}


def read_header(path: Path) -> bytes:
    """The first 512 bytes of a model file, for an engine to look for its own mark in.

    Raises EngineError for what is no model of any engine: nothing there, a folder, an empty file, a web page, a
    Git LFS pointer.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except FileNotFoundError:
        raise EngineError(f"{path}: no such file") from None
    except OSError as error:
        raise EngineError(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise EngineError(f"{path}: the file is empty", remedy="fetch it again")
    for mark, (what, remedy) in _NO_MODELS.items():
        if head.lstrip().lower().startswith(mark):
            raise EngineError(f"{path}: this is {what}, not a model", remedy=remedy)
    return head
