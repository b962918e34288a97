"""FlatTable: a table of a flatbuffer, read from its bytes without its schema.

Source: https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from mmap import mmap
from typing import Any

Bytes = bytes | mmap
_MOST_ITEMS = 1 << 20  # of a vector of numbers or of tables: a graph's names and shapes are short
_NOTHING = struct.pack("<HHi", 4, 4, 4), 4  # a vtable without fields, and its table


class FlatTable:
    """One table. ``field`` is a field's position in the schema, from 0; a union takes two: its type, then its value.

    A missing field reads as empty. Its methods raise ValueError if the bytes are not what the schema says; nothing
    outside of them is read.
    """

    __slots__ = ("data", "position")

    def __init__(self, data: Bytes, position: int) -> None:
        self.data, self.position = data, position

    @classmethod
    def root(cls, data: Bytes, start: int = 0) -> FlatTable:
        """The table that a whole flatbuffer holds."""
        return cls(data, start + _unpack_number(data, start, "I"))

    def number(self, field: int, code: str, default: int = 0) -> int:
        """A whole number of that ``struct`` code."""
        offset = self._offset(field)
        return _unpack_number(self.data, offset, code) if offset else default

    def numbers(self, field: int, code: str) -> tuple[int, ...]:
        """A vector of whole numbers of that ``struct`` code."""
        return self._items(field, code)

    def floats(self, field: int) -> tuple[float, ...]:
        """A vector of float32."""
        return self._items(field, "f")

    def text(self, field: int) -> str:
        """A text, or a vector of bytes as one."""
        return self.content(field).decode()

    def content(self, field: int) -> bytes:
        """A vector of bytes."""
        start, end = self.span(field)
        return self.data[start:end]

    def span(self, field: int) -> tuple[int, int]:
        """From where to where a vector of bytes lies."""
        start, length = self._vector(field)
        return start, self._check_end(start, length)

    def table(self, field: int) -> FlatTable:
        """The table in a field."""
        offset = self._offset(field)
        return self._table(offset) if offset else FlatTable(*_NOTHING)

    def tables(self, field: int) -> Iterator[FlatTable]:
        """A vector of tables."""
        start, length = self._vector(field)
        self._check_end(start, 4 * length)
        return (self._table(start + 4 * index) for index in range(length))

    def _offset(self, field: int) -> int:
        """The position of the field; 0 if it is missing.

        A table begins with the distance back to its vtable: two bytes of size, two of the table's, two for each field.
        """
        vtable = self.position - _unpack_number(self.data, self.position, "i")
        entry = 4 + 2 * field
        if entry >= _unpack_number(self.data, vtable, "H"):
            return 0
        within = _unpack_number(self.data, vtable + entry, "H")
        return self.position + within if within else 0

    def _vector(self, field: int) -> tuple[int, int]:
        """The position of its first item, and the number of items."""
        offset = self._offset(field)
        if not offset:
            return 0, 0
        start = offset + _unpack_number(self.data, offset, "I")
        return start + 4, _unpack_number(self.data, start, "I")

    def _table(self, offset: int) -> FlatTable:
        return FlatTable(self.data, offset + _unpack_number(self.data, offset, "I"))

    def _items(self, field: int, code: str) -> tuple[Any, ...]:
        start, length = self._vector(field)
        if length > _MOST_ITEMS:
            raise ValueError(f"{length} items at {start}")
        end = self._check_end(start, length * struct.calcsize(code))
        return struct.unpack(f"<{length}{code}", self.data[start:end])

    def _check_end(self, start: int, size: int) -> int:
        if start + size > len(self.data):
            raise ValueError(f"{size} bytes at {start} of {len(self.data)}")
        return start + size


def _unpack_number(data: Bytes, position: int, code: str) -> int:
    """The little-endian number of that ``struct`` code."""
    if position < 0:  # struct would count from the end
        raise ValueError(f"a table at {position}")
    try:
        (number,) = struct.unpack_from(f"<{code}", data, position)
    except struct.error as error:
        raise ValueError(str(error)) from None
    return int(number)
