"""What a frame is in another process: what it was made of, as far as that can go there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from runner_core.errors import ImageError

Read = Callable[[], bytes]


def reduce_frame(frame: Any, read: Read | None) -> tuple[object, ...]:
    """How a frame is pickled that was made of what ``read`` gives; of its pixels for None."""
    made_of = {"read": _make_portable(read)} if read else {"pixels": frame.pixels}
    said = {name: getattr(frame, name) for name in ("index", "time", "taken", "file_name")}
    return _restore, (type(frame), {"source": frame.source, **made_of}, said)


def identify(frame: Any) -> tuple[object, ...]:
    """What makes two frames the same picture of the same run."""
    return frame.source, frame.file_name, frame.index, frame.time


def _make_portable(read: Read) -> Read:
    """One that can be pickled and gives the same bytes: of a file or an address the same place, else the bytes.

    One that raises ImageError does so there too. A path is made absolute, since the other process may be elsewhere.
    """
    if isinstance(read, partial):
        return partial(read.func, *(each.absolute() if isinstance(each, Path) else each for each in read.args))
    try:
        return partial(bytes, read())
    except ImageError as error:
        return partial(_raise_again, error)


def _raise_again(error: ImageError) -> NoReturn:
    raise error


def _restore(cls: Callable[..., Any], made_of: dict[str, Any], said: dict[str, Any]) -> Any:
    """A frame of ``made_of``, of which ``said`` is known besides."""
    if "pixels" in made_of:  # pickle makes arrays that can be written
        made_of["pixels"].flags.writeable = False
    frame = cls(**made_of)
    for name, value in said.items():
        setattr(frame, name, value)
    return frame
