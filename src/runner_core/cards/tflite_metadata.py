"""Metadata in a .tflite file, from either of two places.

A flatbuffer named TFLITE_METADATA inside the model holds names and the normalization of its input. A zip archive after
the model holds label files, or a dictionary if Ultralytics exported it.
"""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from runner_core.graphs.flat_table import FlatTable

# Positions of fields in their tables. Source: tensorflow/lite/schema/schema.fbs, Model.
_MODEL_BUFFERS, _MODEL_METADATA = 4, 6
# Source: tflite-support/tensorflow_lite_support/metadata/metadata_schema.fbs.
_TEXTS = {"name": 0, "description": 1, "version": 2, "author": 4, "license": 5}
_SUBGRAPHS, _INPUTS, _PROCESS_UNITS = 3, 2, 4
_NORMALIZATION = 1  # of the union ProcessUnitOptions

_MAX_PACKED_BYTES = 1 << 20  # of a file in the archive: labels are small
_DICTIONARIES: dict[str, Callable[[str], Any]] = {"metadata.json": json.loads, "temp_meta.txt": ast.literal_eval}


def read_tflite_metadata(path: Path) -> dict[str, str]:
    """What the file says of its model; unreadable parts are left out, since the model runs without them.

    ``name``, ``description``, ``version``, ``author``, ``license``; ``mean`` and ``std`` of the first input that has
    them, in pixel units (0 to 255), one number or one per channel, separated by commas; ``labels``, one per line; and
    Ultralytics' keys, spelled as in its ONNX files.
    """
    return _read_embedded(path.read_bytes()) | _read_packed(path)


def _read_embedded(data: bytes) -> dict[str, str]:
    """What the flatbuffer inside the model says."""
    try:
        model = FlatTable.root(data)
        for entry in model.tables(_MODEL_METADATA):
            if entry.text(0) == "TFLITE_METADATA":
                buffer = list(model.tables(_MODEL_BUFFERS))[entry.number(1, "I")]
                return _read_model_metadata(FlatTable.root(buffer.content(0)))
    except (ValueError, IndexError):  # no runtime verifies these bytes
        pass
    return {}


def _read_model_metadata(model: FlatTable) -> dict[str, str]:
    texts = {key: model.text(field) for key, field in _TEXTS.items()}
    normalization = next(_find_normalizations(model), None)
    numbers = {"mean": normalization.floats(0), "std": normalization.floats(1)} if normalization else {}
    values = texts | {key: ",".join(f"{number:g}" for number in each) for key, each in numbers.items()}
    return {key: value for key, value in values.items() if value}


def _find_normalizations(model: FlatTable) -> Iterator[FlatTable]:
    for subgraph in model.tables(_SUBGRAPHS):
        for tensor in subgraph.tables(_INPUTS):
            for unit in tensor.tables(_PROCESS_UNITS):
                if unit.number(0, "B") == _NORMALIZATION:
                    yield unit.table(1)


def _read_packed(path: Path) -> dict[str, str]:
    """What the zip archive after the model says."""
    try:
        with zipfile.ZipFile(path) as archive:
            small = (info for info in archive.infolist() if info.file_size <= _MAX_PACKED_BYTES)
            files = {info.filename: archive.read(info) for info in small}
        return _read_dictionary(files) | _read_labels(files)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, SyntaxError):
        return {}


def _read_dictionary(files: dict[str, bytes]) -> dict[str, str]:
    for name, parse in _DICTIONARIES.items():
        if name in files:
            values = parse(files[name].decode())
            if not isinstance(values, dict):
                return {}
            return {str(key): str(_restore_class_numbers(value)) for key, value in values.items()}
    return {}


def _restore_class_numbers(value: Any) -> Any:
    """Class numbers, which are texts as keys in JSON, as numbers again, as in ONNX files."""
    if isinstance(value, dict) and all(str(key).isdigit() for key in value):
        return {int(key): each for key, each in value.items()}
    return value


def _read_labels(files: dict[str, bytes]) -> dict[str, str]:
    """The label file with the shortest name: beside ``labels.txt`` there may be translations, ``labels-de.txt``."""
    texts = [name for name in files if name.endswith(".txt") and name not in _DICTIONARIES]
    likely = [name for name in texts if "label" in name.lower()] or (texts if len(texts) == 1 else [])
    return {"labels": files[min(likely, key=len)].decode()} if likely else {}
