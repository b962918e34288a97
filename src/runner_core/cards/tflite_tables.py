"""Tables: a flatbuffer read by its schema alone, without code made from that schema."""

from __future__ import annotations

from collections.abc import Iterator

from flatbuffers import encode, number_types, packer
from flatbuffers.table import Table as Slots


class Table:
    """One table. ``field`` is a field's place in the schema, from 0; a union takes two: its type, then its value.

    A field that is not there reads as empty. Raises struct.error, ValueError or TypeError where the bytes are not what
    the schema says.
    """

    def __init__(self, data: bytes, position: int) -> None:
        self._data, self._slots = data, Slots(data, position)

    @classmethod
    def root(cls, data: bytes) -> Table:
        return cls(data, encode.Get(packer.uoffset, data, 0))

    def text(self, field: int) -> str:
        offset = self._offset(field)
        return self._slots.String(self._slots.Pos + offset).decode() if offset else ""

    def number(self, field: int) -> int:
        """A uint32."""
        return int(self._slots.GetSlot(4 + 2 * field, 0, number_types.Uint32Flags))

    def byte(self, field: int) -> int:
        return int(self._slots.GetSlot(4 + 2 * field, 0, number_types.Uint8Flags))

    def data(self, field: int) -> bytes:
        offset = self._offset(field)
        return self._slots.GetVectorAsNumpy(number_types.Uint8Flags, offset).tobytes() if offset else b""

    def floats(self, field: int) -> list[float]:
        offset = self._offset(field)
        return self._slots.GetVectorAsNumpy(number_types.Float32Flags, offset).tolist() if offset else []

    def table(self, field: int) -> Table:
        return Table(self._data, self._slots.Indirect(self._slots.Pos + self._offset(field)))

    def tables(self, field: int) -> Iterator[Table]:
        offset = self._offset(field)
        if offset:
            start = self._slots.Vector(offset)
            for index in range(self._slots.VectorLen(offset)):
                yield Table(self._data, self._slots.Indirect(start + 4 * index))

    def _offset(self, field: int) -> int:
        """Where the field lies from the table's own position; 0 where it is not there. Two bytes of size come first."""
        return int(self._slots.Offset(4 + 2 * field))
