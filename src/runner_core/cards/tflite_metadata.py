"""Metadata: what a .tflite file says of itself beyond its tensors, in either of two places.

A flatbuffer named TFLITE_METADATA inside the model tells names and how a picture is normalised. A zip archive behind
the model holds label files, or a dictionary where Ultralytics exported it. The numbers below are places of fields in
``schema.fbs`` of TensorFlow Lite (MODEL) and ``metadata_schema.fbs`` of its Support library.
"""

from __future__ import annotations

import ast
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


class Table:
    """One table. ``field`` is a field's place in the schema, from 0; a union takes two: its type, then its value.

    A field that is not there reads as empty. Raises struct.error or ValueError where the bytes are not what the schema
    says; nothing outside of them is read. Source: https://flatbuffers.dev/internals/
    """

    def __init__(self, data: bytes, position: int) -> None:
        self._data, self._position = data, position

    @classmethod
    def root(cls, data: bytes) -> Table:
        return cls(data, _number(data, 0, "I"))

    def text(self, field: int) -> str:
        return self.data(field).decode()

    def number(self, field: int) -> int:
        """A uint32."""
        offset = self._offset(field)
        return _number(self._data, offset, "I") if offset else 0

    def byte(self, field: int) -> int:
        offset = self._offset(field)
        return _number(self._data, offset, "B") if offset else 0

    def data(self, field: int) -> bytes:
        start, length = self._vector(field)
        return self._items(start, length)

    def floats(self, field: int) -> list[float]:
        start, length = self._vector(field)
        return [value for (value,) in struct.iter_unpack("<f", self._items(start, 4 * length))]

    def table(self, field: int) -> Table:
        return self._table(self._offset(field))

    def tables(self, field: int) -> Iterator[Table]:
        start, length = self._vector(field)
        yield from (self._table(start + 4 * index) for index in range(length))

    def _offset(self, field: int) -> int:
        """Where the field lies; 0 where it is not there.

        A table begins with the distance back to its vtable: two bytes of size, two of the table's, two for each field.
        """
        vtable = self._position - _number(self._data, self._position, "i")
        place = 4 + 2 * field
        within = _number(self._data, vtable + place, "H") if place < _number(self._data, vtable, "H") else 0
        return self._position + within if within else 0

    def _vector(self, field: int) -> tuple[int, int]:
        """Where its items begin, and how many they are."""
        offset = self._offset(field)
        if not offset:
            return 0, 0
        start = offset + _number(self._data, offset, "I")
        return start + 4, _number(self._data, start, "I")

    def _table(self, offset: int) -> Table:
        return Table(self._data, offset + _number(self._data, offset, "I"))

    def _items(self, start: int, size: int) -> bytes:
        if start + size > len(self._data):
            raise ValueError(f"{size} bytes at {start} of {len(self._data)}")
        return self._data[start : start + size]


def _number(data: bytes, position: int, code: str) -> int:
    """A little-endian number, by ``struct``'s code."""
    if position < 0:  # struct would count from the end
        raise ValueError(f"a table at {position}")
    (number,) = struct.unpack_from(f"<{code}", data, position)
    return int(number)


_LARGEST = 1 << 20  # bytes of a packed file that is still read: labels are small
_MODEL_BUFFERS, _MODEL_METADATA = 4, 6
_TEXTS = {"name": 0, "description": 1, "version": 2, "author": 4, "license": 5}
_SUBGRAPHS, _INPUTS, _PROCESS_UNITS = 3, 2, 4
_NORMALIZATION = 1  # of the union ProcessUnitOptions
_DICTIONARIES: dict[str, Callable[[str], Any]] = {"metadata.json": json.loads, "temp_meta.txt": ast.literal_eval}


def read_tflite_metadata(path: Path) -> dict[str, str]:
    """What can be read; the rest is left out, since the model runs without.

    ``name``, ``description``, ``version``, ``author``, ``license``; ``mean`` and ``std`` of the first input that says
    them, in pixel units, one number or one a channel with commas between; ``labels``, one a line; and what Ultralytics
    wrote, spelled as it is in its ONNX files.
    """
    return _embedded(path.read_bytes()) | _packed(path)


def _embedded(data: bytes) -> dict[str, str]:
    try:
        model = Table.root(data)
        for entry in model.tables(_MODEL_METADATA):
            if entry.text(0) == "TFLITE_METADATA":
                buffer = list(model.tables(_MODEL_BUFFERS))[entry.number(1)]
                return _described(Table.root(buffer.data(0)))
    except (struct.error, ValueError, IndexError):  # no runtime verifies these bytes
        pass
    return {}


def _described(model: Table) -> dict[str, str]:
    texts = {key: model.text(field) for key, field in _TEXTS.items()}
    norm = next(_normalisations(model), None)
    numbers = {"mean": norm.floats(0), "std": norm.floats(1)} if norm else {}
    found = texts | {key: ",".join(f"{value:g}" for value in values) for key, values in numbers.items()}
    return {key: value for key, value in found.items() if value}


def _normalisations(model: Table) -> Iterator[Table]:
    for subgraph in model.tables(_SUBGRAPHS):
        for tensor in subgraph.tables(_INPUTS):
            for unit in tensor.tables(_PROCESS_UNITS):
                if unit.byte(0) == _NORMALIZATION:
                    yield unit.table(1)


def _packed(path: Path) -> dict[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            texts = {info.filename: archive.read(info) for info in archive.infolist() if info.file_size <= _LARGEST}
        return _dictionary(texts) | _labels(texts)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, SyntaxError):
        return {}


def _dictionary(texts: dict[str, bytes]) -> dict[str, str]:
    for name, read in _DICTIONARIES.items():
        if name in texts:
            found = read(texts[name].decode())
            return {str(key): str(_numbered(value)) for key, value in found.items()} if isinstance(found, dict) else {}
    return {}


def _numbered(value: Any) -> Any:
    """JSON makes text of the class numbers; ONNX files have them as numbers."""
    if isinstance(value, dict) and all(str(key).isdigit() for key in value):
        return {int(key): each for key, each in value.items()}
    return value


def _labels(texts: dict[str, bytes]) -> dict[str, str]:
    """The label file, in its plainest form where there are translations too: ``labels.txt``, ``labels-de.txt``."""
    files = [name for name in texts if name.endswith(".txt") and name not in _DICTIONARIES]
    likely = [name for name in files if "label" in name.lower()] or (files if len(files) == 1 else [])
    return {"labels": texts[min(likely, key=len)].decode()} if likely else {}
