"""What a JPEG says about itself before its pixels. Format: ISO/IEC 10918-1, annex B; EXIF: CIPA DC-008."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_START = b"\xff\xd8"
_EXIF = b"Exif\0\0"
_APP1, _SCAN = 0xE1, 0xDA
_FRAMES = (0xC0, 0xC1, 0xC2)  # of JPEGs for viewing: baseline, extended, progressive; C3 is lossless
_ORIENTATION = 274


def read_jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a JPEG that any decoder reads; None for other bytes, and for a lossless JPEG."""
    for marker, body in _iterate_segments(data):
        if marker in _FRAMES and len(body) >= 6 and body[0] == 8:  # bits a sample
            height, width = struct.unpack_from(">HH", body, 1)
            return width, height
    return None


def with_orientation(data: bytes, orientation: int) -> bytes:
    """The JPEG with that EXIF orientation, unless it has EXIF of its own, which knows better."""
    own = any(marker == _APP1 and body.startswith(_EXIF) for marker, body in _iterate_segments(data))
    if own or orientation == 1:
        return data
    field = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)  # 3: SHORT
    exif = _EXIF + b"MM\0*\0\0\0\x08" + b"\0\x01" + field + b"\0\0\0\0"
    return _START + struct.pack(">BBH", 0xFF, _APP1, len(exif) + 2) + exif + data[2:]


def _iterate_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of each segment before the first scan."""
    if not data.startswith(_START):
        return
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == _SCAN or length < 2:
            return
        yield marker, data[place + 4 : place + 2 + length]
        place += 2 + length
