"""What a .tflite file may carry beside its network, written as TensorFlow Lite's own tools write it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import flatbuffers


def pack(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "a") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def described(mean: tuple[float, ...], std: tuple[float, ...]) -> bytes:
    """A TFLITE_METADATA buffer as metadata_schema.fbs lays it out: a name, an author, an input with a normalisation."""
    builder = flatbuffers.Builder(256)
    name, author = builder.CreateString("Käfer"), builder.CreateString("A. Uthor")
    numbers = [_floats(builder, values) for values in (mean, std)]
    options = _table(builder, 2, {0: numbers[0], 1: numbers[1]})
    unit = _table(builder, 2, {1: options}, {0: 1})  # NormalizationOptions
    other = _table(builder, 2, {1: _table(builder, 1, {})}, {0: 3})  # ScoreThresholdingOptions
    tensor = _table(builder, 7, {4: _vector(builder, [other, unit])})
    subgraph = _table(builder, 5, {2: _vector(builder, [tensor])})
    root = _table(builder, 8, {0: name, 3: _vector(builder, [subgraph]), 4: author})
    builder.Finish(root, file_identifier=b"M001")
    return bytes(builder.Output())


def _table(
    builder: flatbuffers.Builder, slots: int, offsets: dict[int, int], bytes_: dict[int, int] | None = None
) -> int:
    builder.StartObject(slots)
    for slot, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    for slot, value in (bytes_ or {}).items():
        builder.PrependUint8Slot(slot, value, 0)
    return builder.EndObject()


def _vector(builder: flatbuffers.Builder, tables: list[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return builder.EndVector()


def _floats(builder: flatbuffers.Builder, values: tuple[float, ...]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return builder.EndVector()


def with_described(path: Path, packed: bytes) -> Path:
    """The model at ``path``, rewritten with a TFLITE_METADATA buffer."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data, entry.name, entry.buffer = list(packed), "TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path
