"""Splits a stream of pictures that follow each other, each as soon as it is complete.

FFmpeg's readers would wait for a part of the next one, and would not let Ctrl-C through meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from runner_core.errors import SourceError
from runner_video.peekable import Ahead

# Takes one picture. Raises EOFError if it is cut short, ValueError if it is something else.
Cutter: TypeAlias = Callable[[Ahead], bytes]

JPEG, PNG, BMP = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"BM"  # how they begin
WEBP = re.compile(rb"RIFF.{4}WEBP", re.DOTALL)
LENGTH = 4  # bytes

_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})  # markers without a segment
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # one that ends a scan


def split_pictures(stream: Ahead, cutter: Cutter, name: str) -> Iterator[bytes]:
    """The pictures, each as soon as its last byte has come. Raises SourceError."""
    index = 0
    while stream.peek(1):
        try:
            yield cutter(stream)
        except (EOFError, ValueError) as error:
            problem = f"picture {index} {error}" if isinstance(error, ValueError) else f"cut short in picture {index}"
            raise SourceError(f"{name}: {problem}", remedy="those before it are done" if index else "") from None
        index += 1


def cut_by_length(stream: Ahead) -> bytes:
    """A picture after its number of bytes, an unsigned big-endian number of 4 bytes."""
    return stream.take(int.from_bytes(stream.take(LENGTH), "big"))


def cut_bmp(stream: Ahead) -> bytes:
    """A BMP, of as many bytes as its header says."""
    head = stream.peek(6)
    if not head.startswith(BMP):
        raise ValueError("is not a BMP, as the first one is")
    return stream.take(max(int.from_bytes(head[2:], "little"), len(head)))


def cut_webp(stream: Ahead) -> bytes:
    """A WebP, of as many bytes as its header says (RFC 9649)."""
    head = stream.peek(12)
    if not WEBP.match(head):
        raise ValueError("is not a WebP, as the first one is")
    return stream.take(8 + int.from_bytes(head[4:8], "little"))


def cut_png(stream: Ahead) -> bytes:
    """A PNG, to its last chunk (ISO/IEC 15948)."""
    parts = [stream.take(len(PNG))]
    if parts[0] != PNG:
        raise ValueError("is not a PNG, as the first one is")
    kind = b""
    while kind != b"IEND":
        head = stream.take(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        parts += [head, stream.take(length + 4)]  # the data and their checksum
    return b"".join(parts)


def cut_jpeg(stream: Ahead) -> bytes:
    """A JPEG, to its end marker (ISO/IEC 10918-1, annex B); that of a thumbnail is inside a segment, and skipped."""
    parts = [stream.take(len(JPEG))]
    if parts[0] != JPEG:
        raise ValueError("is not a JPEG, as the first one is")
    marker = 0
    while marker != _END:
        parts.append(stream.take(2))
        mark, marker = parts[-1]
        if mark != 0xFF:
            raise ValueError("is damaged: its end cannot be found")
        if marker not in _ALONE:
            parts.append(stream.take(2))
            parts.append(stream.take(max(int.from_bytes(parts[-1], "big") - 2, 0)))
        if marker == _SCAN:
            parts.append(stream.take_to(_MARKER))
    return b"".join(parts)
