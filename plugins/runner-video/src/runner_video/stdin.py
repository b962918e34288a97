"""StandardInput: pictures that another program writes."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import av

from runner_core.errors import SourceError
from runner_core.fetch import LIMIT
from runner_core.frame import Frame

if TYPE_CHECKING:
    from typing_extensions import Buffer

NAME = "-"
_HEAD = 8  # bytes that tell what comes
_LENGTH = 4

# FFmpeg's readers of pictures that follow each other, by how such a picture begins
_READERS = {b"\xff\xd8\xff": "jpeg_pipe", b"\x89PNG\r\n\x1a\n": "png_pipe"}


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
        head = stream.read(_HEAD) if not stream.isatty() else b""
        if not head:
            raise SourceError(f"{NAME}: nothing on standard input", remedy="pipe pictures into it")
        pictures = _pictures(head, io.BufferedReader(Headed(head, stream)))
        return (Frame.from_bytes(data, source=NAME, index=index) for index, data in enumerate(pictures))


def _pictures(head: bytes, stream: io.BufferedReader) -> Iterator[bytes]:
    for start, reader in _READERS.items():
        if head.startswith(start):
            return _behind_each_other(stream, reader)
    if int.from_bytes(head[:_LENGTH], "big") <= LIMIT and head[_LENGTH:] != b"ftyp":  # how AVIF and HEIF begin
        return _with_lengths(stream)
    return iter([stream.read(LIMIT)])


def _behind_each_other(stream: io.BufferedReader, reader: str) -> Iterator[bytes]:
    quickly = {"probesize": "32", "fpsprobesize": "0", "analyzeduration": "0"}  # nothing is to be found out
    arriving = SimpleNamespace(read=stream.read1)  # ``read`` would wait for more than one picture
    try:
        with av.open(arriving, "r", format=reader, options=quickly) as container:
            for packet in container.demux(video=0):
                if packet.size:
                    yield bytes(packet)
    except av.FFmpegError as error:
        raise SourceError(f"{NAME}: cannot be read ({error.strerror})") from error


def _with_lengths(stream: io.BufferedReader) -> Iterator[bytes]:
    index = 0
    while told := stream.read(_LENGTH):
        length = int.from_bytes(told, "big")
        if length > LIMIT:
            raise SourceError(f"{NAME}: picture {index} is to have {length} bytes, more than {LIMIT}")
        data = stream.read(length)
        if len(told) + len(data) < _LENGTH + length:
            raise SourceError(f"{NAME}: cut short in picture {index}", remedy="those before it are done")
        yield data
        index += 1


class Headed(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, stream: io.BufferedReader) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Raises OSError as the stream does."""
        view = memoryview(buffer).cast("B")
        data = self._head or self._stream.read1(len(view))
        self._head = b""
        view[: len(data)] = data
        return len(data)
