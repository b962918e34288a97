"""StandardInput: pictures that another program writes."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from runner_core.errors import SourceError
from runner_core.frames import MAX_PICTURE_BYTES, Frame
from runner_video.ahead import Ahead
from runner_video.splitting import BMP, JPEG, LENGTH, PNG, WEBP, Cutter, bmp, jpeg, png, split, webp, with_length

NAME = "-"
_HEAD = 12  # bytes that tell what comes
_VIDEO = re.compile(rb"\x1aE\xdf\xa3|RIFF.{4}AVI |FLV\x01|G@|.{4}ftyp(?!avi[fs]|hei[cx]|mif1|msf1)", re.DOTALL)
_BOXES = (
    b"ftyp",
    b"jP  ",
    b"JXL ",
)  # AVIF, JPEG 2000, JPEG XL begin with a length, too: of a box


_CUTTERS: Mapping[Cutter, Callable[[bytes], object]] = {
    jpeg: lambda head: head.startswith(JPEG),
    png: lambda head: head.startswith(PNG),
    bmp: lambda head: head.startswith(BMP) and int.from_bytes(head[2:6], "little") > _HEAD,  # some tell 0
    webp: WEBP.match,
}


class StandardInput:
    """``-``: JPEGs, PNGs, BMPs or WebPs one behind the other, a picture of another kind, pictures with their lengths.

    With lengths, each picture comes behind its number of bytes, as an unsigned number of 4 bytes, the highest first.
    What comes is told by its first bytes: no picture begins like the length of one.
    """

    live: bool = False

    def __init__(self, location: str = NAME) -> None:
        if location not in (NAME, "stdin", ""):
            raise SourceError(f"{location}: standard input is called {NAME}")

    def frames(self) -> Iterator[Frame]:
        """As they come. Raises SourceError where there is nothing, or the last picture is cut short."""
        stream = cast(io.BufferedReader, sys.stdin.buffer)
        ahead = Ahead(stream, MAX_PICTURE_BYTES)
        if stream.isatty() or not ahead.peek(1):
            raise SourceError(f"{NAME}: nothing on standard input", remedy="pipe pictures into it")
        for index, data in enumerate(_pictures(ahead)):
            yield Frame.from_bytes(data, source=NAME, index=index)


def _pictures(stream: Ahead) -> Iterator[bytes]:
    head = stream.peek(_HEAD)
    if _VIDEO.match(head):
        raise SourceError(f"{NAME}: a video, not pictures", remedy="write video:- to have it read as one")
    for cutter, is_such in _CUTTERS.items():
        if is_such(head):
            return split(stream, cutter, NAME)
    if int.from_bytes(head[:LENGTH], "big") <= MAX_PICTURE_BYTES and head[LENGTH:8] not in _BOXES:
        return split(stream, with_length, NAME)
    return iter([stream.take_all()])
