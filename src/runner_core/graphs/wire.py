"""Protobuf's wire format: the fields of a message, read from its bytes without its schema.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from mmap import mmap

Bytes = bytes | mmap
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}


class Message:
    """A range of bytes that holds one message, or the text, bytes or packed numbers of a field.

    Its methods raise ValueError where the bytes are no message; nothing outside of the range is read.
    """

    __slots__ = ("data", "end", "start")

    def __init__(self, data: Bytes, start: int = 0, end: int | None = None) -> None:
        self.data, self.start, self.end = data, start, len(data) if end is None else end

    def __len__(self) -> int:
        return self.end - self.start

    def fields(self) -> Iterator[tuple[int, int | Message]]:
        """(number, value) of each field in order: a whole number, or a range; floats are a range of 4 or 8 bytes."""
        data, position, end = self.data, self.start, self.end
        while position < end:
            key = data[position]
            if key < 128:  # nearly always: the call would take as long as all the rest
                position += 1
            else:
                key, position = read_varint(data, position, end)
            kind = key & 7
            if kind == _VARINT:
                value, position = read_varint(data, position, end)
                yield key >> 3, value
                continue
            size = _FIXED.get(kind)
            if kind == _LENGTH:
                size, position = read_varint(data, position, end)
            if size is None or size > end - position:
                raise ValueError(f"no protobuf field at {position}")
            yield key >> 3, Message(data, position, position + size)
            position += size

    def messages(self, number: int) -> Iterator[Message]:
        """The ranges of the fields with that number."""
        return (value for found, value in self.fields() if found == number and isinstance(value, Message))

    def message(self, number: int) -> Message:
        """The last of them, as protobuf has it; an empty one where there is none."""
        last = Message(b"")
        for last in self.messages(number):  # noqa: B007
            pass
        return last

    def numbers(self, number: int) -> Iterator[int]:
        """The whole numbers of the fields with that number, packed or not, from -2^63."""
        for found, value in self.fields():
            if found == number:
                yield from map(_sign, (value,) if isinstance(value, int) else value.varints())

    def number(self, number: int) -> int:
        """The last of them; 0 where there is none."""
        last = 0
        for last in self.numbers(number):  # noqa: B007
            pass
        return last

    def floats(self, number: int) -> Iterator[float]:
        """The float32 numbers of the fields with that number, packed or not."""
        for field in self.messages(number):
            if len(field) % 4:
                raise ValueError(f"{len(field)} bytes at {field.start} are no floats")
            yield from (value for (value,) in struct.iter_unpack("<f", field.content()))

    def texts(self, number: int) -> Iterator[str]:
        """The fields with that number as texts."""
        return (field.text() for field in self.messages(number))

    def varints(self) -> Iterator[int]:
        """The range as packed whole numbers."""
        position = self.start
        while position < self.end:
            value, position = read_varint(self.data, position, self.end)
            yield value

    def content(self) -> bytes:
        """The bytes of the range."""
        return self.data[self.start : self.end]

    def text(self) -> str:
        """The range as text."""
        return self.content().decode()


def read_varint(data: Bytes, position: int, end: int) -> tuple[int, int]:
    """The number that begins at ``position``, seven bits a byte, and where the next one begins."""
    value = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
    raise ValueError(f"no protobuf number at {position}")


def _sign(value: int) -> int:
    """As two's complement of 64 bits."""
    return value - (1 << 64) if value >> 63 else value
