"""What a .tflite file says of itself beyond its tensors."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from runner_litert.engine import LiteRTEngine
from tflite_metadata import described, pack

from runner_core.contracts import EngineOptions

Write = Callable[..., Path]


def metadata(path: Path) -> Mapping[str, str]:
    session = LiteRTEngine().load(path, EngineOptions())
    session.close()
    return session.metadata


def test_a_plain_model_says_nothing(write_tflite: Write) -> None:
    assert metadata(write_tflite()) == {}


def test_normalisation_and_names_are_read(write_tflite: Write) -> None:
    path = write_tflite(packed=described((123.675, 116.28, 103.53), (58.4, 57.1, 57.4)))
    expected = {"name": "Käfer", "author": "A. Uthor", "mean": "123.675,116.28,103.53", "std": "58.4,57.1,57.4"}
    assert metadata(path) == expected


def test_a_label_file_behind_the_model_is_read(write_tflite: Write) -> None:
    path = pack(write_tflite(), **{"vocab.txt": "a\nb", "labels-de.txt": "Katze\nHund", "labels.txt": "cat\ndog"})
    assert metadata(path) == {"labels": "cat\ndog"}


def test_the_only_text_file_is_the_label_file(write_tflite: Write) -> None:
    assert metadata(pack(write_tflite(), **{"coco.txt": "person"})) == {"labels": "person"}
    assert metadata(pack(write_tflite(), **{"a.txt": "1", "b.txt": "2"})) == {}


EXPORTED = {"names": {0: "cat", 1: "dog"}, "imgsz": [640, 640], "stride": 32, "task": "detect"}


@pytest.mark.parametrize(
    ("name", "written"), [("metadata.json", json.dumps(EXPORTED)), ("temp_meta.txt", str(EXPORTED))]
)
def test_what_ultralytics_packs_reads_as_in_its_onnx_files(name: str, written: str, write_tflite: Write) -> None:
    expected = {"names": "{0: 'cat', 1: 'dog'}", "imgsz": "[640, 640]", "stride": "32", "task": "detect"}
    assert metadata(pack(write_tflite(), **{name: written})) == expected


@pytest.mark.parametrize(
    "packed", [b"", b"\xff" * 40, b"\x10\x00\x00\x00M001" + b"\x07" * 30, described((1,), (1,))[:-20]]
)
def test_metadata_that_cannot_be_read_is_left_out(packed: bytes, write_tflite: Write) -> None:
    assert set(metadata(write_tflite(packed=packed))) <= {"name", "author", "mean", "std"}


@pytest.mark.parametrize(
    ("name", "text"), [("metadata.json", "{"), ("metadata.json", "[1]"), ("temp_meta.txt", "import os")]
)
def test_a_dictionary_that_cannot_be_read_is_left_out(name: str, text: str, write_tflite: Write) -> None:
    assert metadata(pack(write_tflite(), **{name: text})) == {}
