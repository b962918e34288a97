"""StandardInput: pictures that another program writes."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from runner_core.errors import SourceError
from runner_core.frames import MAX_PICTURE_BYTES, Frame, read_pictures
from runner_video.peekable import Ahead
from runner_video.split_pictures import (
    BMP,
    JPEG,
    LENGTH,
    PNG,
    WEBP,
    Cutter,
    cut_bmp,
    cut_by_length,
    cut_jpeg,
    cut_png,
    cut_webp,
    split_pictures,
)

NAME = "-"
_HEAD = 12  # bytes that show what comes
_VIDEO = re.compile(rb"\x1aE\xdf\xa3|RIFF.{4}AVI |FLV\x01|G@|.{4}ftyp(?!avi[fs]|he[iv][cxms]|mif1|msf1)", re.DOTALL)
_BOXES = (b"ftyp", b"jP  ", b"JXL ")  # AVIF, HEIC, JPEG 2000 and JPEG XL also begin with a length, that of a box


_CUTTERS: Mapping[Cutter, Callable[[bytes], object]] = {
    cut_jpeg: lambda head: head.startswith(JPEG),
    cut_png: lambda head: head.startswith(PNG),
    cut_bmp: lambda head: head.startswith(BMP) and int.from_bytes(head[2:6], "little") > _HEAD,  # some state 0
    cut_webp: WEBP.match,
}


class StandardInput:
    """``-``: JPEGs, PNGs, BMPs or WebPs one after the other, a picture of another kind, pictures with their lengths.

    A GIF or AVIF that is animated gives all its pictures, with their times.

    With lengths, each picture comes after its number of bytes, an unsigned big-endian number of 4 bytes. The first
    bytes show which of these it is: no picture begins like a length.
    """

    live: bool = False
    watch: bool = True  # another program may wait for an answer before it writes its next picture

    def __init__(self, location: str = NAME) -> None:
        if location not in (NAME, "stdin", ""):
            raise SourceError(f"{location}: standard input is written {NAME}")

    def frames(self) -> Iterator[Frame]:
        """The frames as they come. Raises SourceError if there is nothing, or the last picture is cut short."""
        stream = cast(io.BufferedReader, sys.stdin.buffer)
        ahead = Ahead(stream, MAX_PICTURE_BYTES)
        if stream.isatty() or not ahead.peek(1):
            raise SourceError(f"{NAME}: nothing on standard input", remedy="pipe pictures into it")
        pictures = _split_stream(ahead)
        if pictures is None:
            yield from read_pictures(Frame.from_bytes(ahead.take_all(), source=NAME))
            return
        for index, data in enumerate(pictures):
            yield Frame.from_bytes(data, source=NAME, index=index)


def _split_stream(stream: Ahead) -> Iterator[bytes] | None:
    """The pictures that follow each other; None for a picture of a kind that comes alone."""
    head = stream.peek(_HEAD)
    if _VIDEO.match(head):
        raise SourceError(f"{NAME}: a video, not pictures", remedy="write video:- to have it read as one")
    for cutter, is_such in _CUTTERS.items():
        if is_such(head):
            return split_pictures(stream, cutter, NAME)
    if int.from_bytes(head[:LENGTH], "big") <= MAX_PICTURE_BYTES and head[LENGTH:8] not in _BOXES:
        return split_pictures(stream, cut_by_length, NAME)
    return None
