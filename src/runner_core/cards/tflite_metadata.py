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
    model = Table.root(data)
    try:
        for entry in model.tables(_MODEL_METADATA):
            if entry.text(0) == "TFLITE_METADATA":
                buffer = list(model.tables(_MODEL_BUFFERS))[entry.number(1)]
                return _described(Table.root(buffer.data(0)))
    except (struct.error, ValueError, TypeError, IndexError):  # no runtime verifies these bytes
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
