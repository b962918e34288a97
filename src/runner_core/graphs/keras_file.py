"""Keras's files, read without Keras: ``.keras`` is a zip archive, ``.h5`` HDF5; both describe the layers in JSON.

Source: keras/src/saving/saving_lib.py, keras/src/legacy/saving/legacy_h5_format.py.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from runner_core.graphs.constant import Constant
from runner_core.graphs.graph import Graph, collect_nodes
from runner_core.graphs.keras_layers import ModelBody, list_layers
from runner_core.graphs.keras_weights import KerasWeights, open_hdf5
from runner_core.graphs.value import Value
from runner_core.util.plain_file import open_plain_file

_LARGEST = 64 << 20  # bytes of configuration
_HDF5 = b"\x89HDF\r\n\x1a\n"
_WEIGHTS = "model.weights.h5"
# What an archive or an HDF5 file that is damaged raises, and a configuration of another structure.
_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ImportError,
    KeyError, TypeError, IndexError, AttributeError,
)  # fmt: skip

Config = Mapping[str, Any]


def read_keras(path: Path) -> Graph:
    """Raises ValueError for a file that is none, OSError.

    Its nodes are layers, with their configuration as attributes, and ``args``: what they are called with beside
    tensors. A model within the model is written out in its place. The first layers have their weights as inputs.
    """
    try:
        with open_plain_file(path) as stream:
            is_hdf5 = stream.read(len(_HDF5)) == _HDF5
        return _read_hdf5(path) if is_hdf5 else _read_archive(path)
    except _FAULTS as error:
        raise ValueError(f"{path}: no model of Keras ({error})") from None


def _read_archive(path: Path) -> Graph:
    with ExitStack() as stack:
        archive = stack.enter_context(zipfile.ZipFile(path))
        model, versions = _read_member(archive, "config.json"), _read_member(archive, "metadata.json")
        try:
            weights = KerasWeights(stack.enter_context(open_hdf5(stack.enter_context(archive.open(_WEIGHTS)))))
        except (*_FAULTS, OSError):
            weights = KerasWeights()
        return _to_graph(path, model, str(versions.get("keras_version", "")), weights)


def _read_hdf5(path: Path) -> Graph:
    with open_hdf5(path) as file:
        described = file.attrs["model_config"]
        if len(described) > _LARGEST:
            raise ValueError(f"{path}: a configuration of more than {_LARGEST} bytes")
        return _to_graph(path, json.loads(described), str(file.attrs.get("keras_version", "")), KerasWeights(file))


def _read_member(archive: zipfile.ZipFile, name: str) -> Config:
    if archive.getinfo(name).file_size > _LARGEST:
        raise ValueError(f"{name} has more than {_LARGEST} bytes")
    read: Config = json.loads(archive.read(name))
    return read


def _to_graph(path: Path, model: Config, version: str, weights: KerasWeights) -> Graph:
    constants: dict[str, Constant] = {}
    inputs = _read_inputs(model)
    body = ModelBody(model, tuple(value.name for value in inputs), constants, weights)
    nodes = collect_nodes(body.list_nodes())
    outputs = tuple(map(Value, body.outputs()))
    return Graph(path.suffix.lower(), f"keras {version}".strip(), nodes, constants, inputs, outputs)


def _read_inputs(model: Config) -> tuple[Value, ...]:
    """Those of its input layers; a Sequential without one has the shape in its first layer, or in that of a model."""
    layers = list_layers(model)
    told = [layer["config"] for layer in layers if layer["class_name"] == "InputLayer"]
    if not told and model["class_name"] == "Sequential":
        first = layers[0]
        if "layers" in first["config"] or isinstance(first["config"], list):
            return _read_inputs(first)
        told = [first["config"]]
    return tuple(map(_read_input, told))


def _read_input(config: Config) -> Value:
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    dtype = config.get("dtype")
    return Value(str(config["name"]), tuple(shape) if shape else None, dtype if isinstance(dtype, str) else "")
