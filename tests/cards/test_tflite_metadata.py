"""The metadata in a .tflite file, whole and damaged at any place."""

import flatbuffers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_metadata import described

from runner_core.cards.tflite_metadata import read_tflite_metadata

TOLD = {"name": "Käfer", "author": "A. Uthor", "mean": "127.5", "std": "64,65,66"}


def model() -> bytes:
    """A Model of schema.fbs with nothing in it but its metadata: fields 4 (buffers) and 6 (metadata)."""
    builder = flatbuffers.Builder(256)
    packed, name = builder.CreateByteVector(described((127.5,), (64, 65, 66))), builder.CreateString("TFLITE_METADATA")
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, packed, 0)
    buffers = _vector(builder, builder.EndObject())
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    metadata = _vector(builder, builder.EndObject())
    builder.StartObject(7)
    builder.PrependUOffsetTRelativeSlot(4, buffers, 0)
    builder.PrependUOffsetTRelativeSlot(6, metadata, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _vector(builder: flatbuffers.Builder, table: int) -> int:
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(table)
    return builder.EndVector()


MODEL = model()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("tflite") / "model.tflite"


def test_it_is_read_by_the_schema(path):
    path.write_bytes(MODEL)
    assert read_tflite_metadata(path) == TOLD


@pytest.mark.parametrize("data", [b"", b"TFL3", b"text that is longer than a root", b"\xff" * 64, b"\x00" * 64])
def test_a_file_that_is_not_a_flatbuffer_has_no_metadata(path, data):
    path.write_bytes(data)
    assert read_tflite_metadata(path) == {}


def test_a_file_that_was_cut_gives_nothing_false(path):
    for length in range(len(MODEL)):
        path.write_bytes(MODEL[:length])
        assert read_tflite_metadata(path).items() <= TOLD.items()


@given(st.integers(0, len(MODEL) - 1), st.integers(0, 255))
def test_no_damaged_byte_raises(path, place, value):
    path.write_bytes(MODEL[:place] + bytes([value]) + MODEL[place + 1 :])
    assert isinstance(read_tflite_metadata(path), dict)


@given(st.integers(0, len(MODEL) - 4), st.integers(-(1 << 31), (1 << 31) - 1))
def test_no_damaged_offset_raises(path, place, value):
    path.write_bytes(MODEL[:place] + value.to_bytes(4, "little", signed=True) + MODEL[place + 4 :])
    assert isinstance(read_tflite_metadata(path), dict)
