"""Checks that a file is a complete TensorFlow GraphDef: the server gives no checksum."""

from __future__ import annotations

import mmap
from pathlib import Path

from runner_core.errors import StoreError

# Field numbers and wire types of tensorflow.GraphDef: node, library and versions are messages, version a number.
# Source: tensorflow/core/framework/graph.proto
_MESSAGE, _NUMBER = 2, 0
_FIELDS = {(1, _MESSAGE), (2, _MESSAGE), (4, _MESSAGE), (5, _MESSAGE), (3, _NUMBER)}


def check_graph(path: Path) -> None:
    """Reads the top-level fields. Raises StoreError if the file is cut short or is not a GraphDef."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            nodes = _count_nodes(data)
    except (ValueError, IndexError) as error:
        raise StoreError(f"{path.name}: what the server sent is not a TensorFlow graph, or not all of it") from error
    if not nodes:
        raise StoreError(f"{path.name}: what the server sent is a graph without nodes")


def _count_nodes(data: mmap.mmap) -> int:
    """The number of nodes."""
    place, nodes = 0, 0
    while place < len(data):
        key, place = _read_varint(data, place)
        if (key >> 3, key & 7) not in _FIELDS:
            raise ValueError(f"field {key >> 3} of type {key & 7}")
        value, place = _read_varint(data, place)
        if key & 7 == _MESSAGE:
            place += value
            nodes += key >> 3 == 1
    if place != len(data):
        raise ValueError("cut short")
    return nodes


def _read_varint(data: mmap.mmap, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("a number of more than 64 bits")
