"""The header of a model file: what can be checked before any framework reads it."""

from __future__ import annotations

from pathlib import Path

from runner_core.engines.foreign_formats import find_by_bytes
from runner_core.engines.glimpse import HEAD_LENGTH
from runner_core.errors import EngineError
from runner_core.util.plain_file import open_plain_file


def read_header(path: Path) -> bytes:
    """The first 512 bytes of a model file, in which an engine looks for the mark of its format.

    Raises EngineError for what is not a model of any engine: a missing file, a folder, an empty file, and what
    ``foreign_formats`` knows by its bytes, whatever it is called.
    """
    try:
        with open_plain_file(path) as stream:
            header = stream.read(HEAD_LENGTH)
    except FileNotFoundError:
        raise EngineError(f"{path}: no such file") from None
    except OSError as error:
        raise EngineError(f"{path}: cannot be read ({error.strerror})") from error
    if not header:
        raise EngineError(f"{path}: the file is empty", remedy="fetch it again")
    foreign = find_by_bytes(path)
    if foreign and (path.suffix or not foreign.files):  # a download has no name yet: only what is no model is refused
        raise EngineError(f"{path}: this is {foreign.name}", remedy=foreign.advise(path))
    return header
