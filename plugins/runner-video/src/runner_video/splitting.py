"""Pictures that follow each other in one stream, cut apart as soon as each is complete.

FFmpeg's readers would wait for a part of the next one, and would not let Ctrl-C through meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from runner_core.errors import SourceError
from runner_video.ahead import Ahead

# Takes one picture. Raises EOFError where it is cut short, ValueError where there is something else.
Cutter: TypeAlias = Callable[[Ahead], bytes]

JPEG, PNG, BMP = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"BM"  # how they begin
WEBP = re.compile(rb"RIFF.{4}WEBP", re.DOTALL)
LENGTH = 4  # bytes

_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})  # markers that nothing belongs to
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # one that ends a scan


def split(stream: Ahead, cutter: Cutter, name: str) -> Iterator[bytes]:
    """The pictures, each as soon as its last byte is there. Raises SourceError."""
    index = 0
    while stream.peek(1):
        try:
            yield cutter(stream)
        except (EOFError, ValueError) as error:
            wrong = f"picture {index} {error}" if isinstance(error, ValueError) else f"cut short in picture {index}"
            raise SourceError(f"{name}: {wrong}", remedy="those before it are done" if index else "") from None
        index += 1


def with_length(stream: Ahead) -> bytes:
    """Behind its number of bytes, unsigned, of 4 bytes, the highest first."""
    return stream.take(int.from_bytes(stream.take(LENGTH), "big"))


def bmp(stream: Ahead) -> bytes:
    """Of as many bytes as its head says."""
    head = stream.peek(6)
    if not head.startswith(BMP):
        raise ValueError("is no BMP as the first one is")
    return stream.take(max(int.from_bytes(head[2:], "little"), len(head)))


def webp(stream: Ahead) -> bytes:
    """Of as many bytes as its head says (RFC 9649)."""
    head = stream.peek(12)
    if not WEBP.match(head):
        raise ValueError("is no WebP as the first one is")
    return stream.take(8 + int.from_bytes(head[4:8], "little"))


def png(stream: Ahead) -> bytes:
    """To its last chunk (ISO/IEC 15948)."""
    parts = [stream.take(len(PNG))]
    if parts[0] != PNG:
        raise ValueError("is no PNG as the first one is")
    kind = b""
    while kind != b"IEND":
        head = stream.take(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        parts += [head, stream.take(length + 4)]  # the data, and their checksum
    return b"".join(parts)


def jpeg(stream: Ahead) -> bytes:
    """To its end marker (ISO/IEC 10918-1, annex B); the one of a thumbnail lies in a segment, and is passed over."""
    parts = [stream.take(len(JPEG))]
    if parts[0] != JPEG:
        raise ValueError("is no JPEG as the first one is")
    marker = 0
    while marker != _END:
        parts.append(stream.take(2))
        mark, marker = parts[-1]
        if mark != 0xFF:
            raise ValueError("is damaged: where it ends cannot be told")
        if marker not in _ALONE:
            parts.append(stream.take(2))
            parts.append(stream.take(max(int.from_bytes(parts[-1], "big") - 2, 0)))
        if marker == _SCAN:
            parts.append(stream.take_to(_MARKER))
    return b"".join(parts)
