"""TensorBundle: the values of variables as TensorFlow saves them, an index and shards of data.

Source: tensorflow/core/protobuf/tensor_bundle.proto, tensorflow/core/util/tensor_bundle/tensor_bundle.cc, and for the
index tensorflow/core/lib/io/table_format.txt.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from numpy.typing import NDArray

from runner_core.graphs.constant import Constant, view_bytes
from runner_core.graphs.mapped_file import map_file
from runner_core.graphs.tf_tensor import read_dtype, read_shape
from runner_core.graphs.wire import Message, read_varint

_FOOTER, _MAGIC = 48, 0xDB4775248B80FB57
_RAW = 0  # a block that is not compressed: TensorFlow compresses none
_MOST_ENTRIES = 1_000_000
_CHECKSUM = 4  # bytes between the length of a text and the text
# Fields of BundleHeaderProto and BundleEntryProto.
_SHARDS = 1
_DTYPE, _SHAPE, _SHARD, _START, _SIZE = 1, 2, 3, 4, 5


@attrs.frozen(eq=False)
class TensorBundle:
    """The saved tensors by their keys. ``prefix`` is the path of the files up to ``.index``."""

    prefix: Path
    shards: int
    entries: dict[str, Message]

    @classmethod
    def open(cls, prefix: Path) -> TensorBundle:
        """Raises ValueError for a file that is no index, OSError."""
        index = map_file(prefix.with_name(f"{prefix.name}.index"))
        entries = {key.decode(): entry for key, entry in _read_table(Message(index))}
        header = entries.pop("", Message(b""))
        return cls(prefix, header.number(_SHARDS), entries)

    def find(self, key: str) -> Constant | None:
        """The tensor of that key."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        dtype = read_dtype(entry.number(_DTYPE))
        shape = tuple(side or 0 for side in read_shape(entry.message(_SHAPE)) or ())
        return Constant(shape, dtype, partial(self._load, entry, dtype))

    def read_text(self, key: str) -> bytes:
        """The one text that a tensor of texts holds. Raises ValueError, OSError, KeyError."""
        held = self._locate(self.entries[key])
        length, start = read_varint(held.data, held.start, held.end)
        if start + _CHECKSUM + length != held.end:
            raise ValueError(f"{key} is not one text")
        return held.data[start + _CHECKSUM : held.end]

    def _load(self, entry: Message, dtype: str) -> NDArray[Any]:
        held = self._locate(entry)
        return view_bytes(held.data, held.start, held.end, dtype)

    def _locate(self, entry: Message) -> Message:
        shard = f"{self.prefix.name}.data-{entry.number(_SHARD):05d}-of-{self.shards:05d}"
        data, start = map_file(self.prefix.with_name(shard)), entry.number(_START)
        return _cut(Message(data), start, entry.number(_SIZE))


def _read_table(table: Message) -> Iterator[tuple[bytes, Message]]:
    """The entries of a sorted table: of each block that the index block lists.

    The last 48 bytes hold two handles, of which the second is the index block's, and a magic number.
    """
    footer = _cut(table, len(table) - _FOOTER, _FOOTER)
    if struct.unpack("<Q", footer.content()[-8:])[0] != _MAGIC:
        raise ValueError("no table of TensorFlow")
    _, position = _read_handle(footer, footer.start)
    index, _ = _read_handle(footer, position)
    entries = 0
    for _, handle in _read_block(table, index):
        for entry in _read_block(table, _read_handle(handle, handle.start)[0]):
            entries += 1
            if entries > _MOST_ENTRIES:
                raise ValueError(f"more than {_MOST_ENTRIES} variables")
            yield entry


def _read_handle(held: Message, position: int) -> tuple[tuple[int, int], int]:
    """Where a block begins and its size; and what follows the handle."""
    start, position = read_varint(held.data, position, held.end)
    size, position = read_varint(held.data, position, held.end)
    return (start, size), position


def _read_block(table: Message, handle: tuple[int, int]) -> Iterator[tuple[bytes, Message]]:
    """Keys and values. A key shares its beginning with the one before; numbers for searching follow the last."""
    block = _cut(table, *handle)
    if _cut(table, block.end, 1).content()[0] != _RAW:
        raise ValueError("a compressed block")
    (restarts,) = struct.unpack("<I", _cut(table, block.end - 4, 4).content())
    position, end, key = block.start, block.end - 4 - 4 * restarts, b""
    while position < end:
        sizes = []
        for _ in range(3):
            size, position = read_varint(block.data, position, end)
            sizes.append(size)
        shared, fresh, held = sizes
        value = _cut(table, position + fresh, held)
        key = key[:shared] + _cut(table, position, fresh).content()
        yield key, value
        position = value.end


def _cut(whole: Message, start: int, size: int) -> Message:
    """The part from ``start``. Raises ValueError where it is not all there."""
    if start < 0 or size < 0 or start + size > len(whole):
        raise ValueError(f"{size} bytes at {start} of {len(whole)}")
    return Message(whole.data, start, start + size)
