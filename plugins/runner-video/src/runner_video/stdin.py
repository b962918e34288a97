"""StandardInput: pictures that another program writes."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import cast

from runner_core.errors import SourceError
from runner_core.fetch import LIMIT
from runner_core.frame import Frame
from runner_video.ahead import Ahead
from runner_video.splitting import JPEG, LENGTH, PNG, jpeg, png, split, with_length

NAME = "-"
_HEAD = 8  # bytes that tell what comes
_BOXES = (
    b"ftyp",
    b"jP  ",
    b"JXL ",
)  # AVIF, JPEG 2000, JPEG XL begin with a length, too: of a box


class StandardInput:
    """``-``: JPEGs or PNGs one behind the other, one picture of any kind, or pictures with their lengths.

    With lengths, each picture comes behind its number of bytes, as an unsigned number of 4 bytes, the highest first.
    What comes is told by its first bytes: no picture begins like the length of one.
    """

    live: bool = False

    def __init__(self, location: str = NAME) -> None:
        if location != NAME:
            raise SourceError(f"{location}: standard input is called {NAME}")

    def frames(self) -> Iterator[Frame]:
        """As they come. Raises SourceError where there is nothing, or the last picture is cut short."""
        stream = cast(io.BufferedReader, sys.stdin.buffer)
        ahead = Ahead(stream, LIMIT)
        if stream.isatty() or not ahead.peek(1):
            raise SourceError(f"{NAME}: nothing on standard input", remedy="pipe pictures into it")
        for index, data in enumerate(_pictures(ahead)):
            yield Frame.from_bytes(data, source=NAME, index=index)


def _pictures(stream: Ahead) -> Iterator[bytes]:
    head = stream.peek(_HEAD)
    if head.startswith(JPEG):
        return split(stream, jpeg, NAME)
    if head == PNG:
        return split(stream, png, NAME)
    if int.from_bytes(head[:LENGTH], "big") <= LIMIT and head[LENGTH:] not in _BOXES:
        return split(stream, with_length, NAME)
    return iter([stream.take_all()])
