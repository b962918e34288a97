"""Keras's ``.keras`` files, read without Keras: a zip archive whose ``config.json`` describes the layers.

The weights are left out: they lie in a file of HDF5. Source: keras/src/saving/{saving_lib,serialization_lib}.py and
keras/src/models/{functional,sequential}.py.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from runner_core.graphs.constant import Constant
from runner_core.graphs.graph import Graph, collect_nodes
from runner_core.graphs.node import Node
from runner_core.graphs.value import Value

_LARGEST = 64 << 20  # bytes of configuration
_MODELS = frozenset({"Functional", "Model", "Sequential"})
# What an archive that is damaged raises, and a configuration of another structure.
_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
    KeyError, TypeError, IndexError, AttributeError,
)  # fmt: skip
_TENSOR = "__keras_tensor__"

Names = tuple[str, ...]
Config = Mapping[str, Any]


def read_keras(path: Path) -> Graph:
    """Raises ValueError for a file that is none, OSError.

    Its nodes are layers, with their configuration as attributes, and ``args``: what they are called with beside
    tensors. A model within the model is written out in its place.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            model, versions = _read_member(archive, "config.json"), _read_member(archive, "metadata.json")
        return _to_graph(model, f"keras {versions.get('keras_version', '')}".strip())
    except _FAULTS as error:
        raise ValueError(f"{path}: no model of Keras ({error})") from None


def _read_member(archive: zipfile.ZipFile, name: str) -> Config:
    if archive.getinfo(name).file_size > _LARGEST:
        raise ValueError(f"{name} has more than {_LARGEST} bytes")
    read: Config = json.loads(archive.read(name))
    return read


def _to_graph(model: Config, producer: str) -> Graph:
    constants: dict[str, Constant] = {}
    layers = [layer for layer in model["config"]["layers"] if layer["class_name"] == "InputLayer"]
    inputs = tuple(_read_input(layer["config"]) for layer in layers)
    body = _ModelBody(model, "", tuple(value.name for value in inputs), constants)
    nodes = collect_nodes(body.list_nodes())
    return Graph(".keras", producer, nodes, constants, inputs, tuple(map(Value, body.outputs())))


def _read_input(config: Config) -> Value:
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    dtype = config.get("dtype")
    return Value(str(config["name"]), tuple(shape) if shape else None, dtype if isinstance(dtype, str) else "")


class _ModelBody:
    """The layers of one model, fed with the tensors ``inputs``.

    Names of its tensors begin with ``scope``. Numbers that layers are called with are added to ``constants``.
    """

    def __init__(self, model: Config, scope: str, inputs: Names, constants: dict[str, Constant]) -> None:
        self._model, self._scope, self._constants = model, scope, constants
        self._inputs = inputs
        self._calls: dict[str, list[Names]] = {}  # of each layer: what each call gives

    def list_nodes(self) -> Iterator[Node]:
        """Layers in order. Raises KeyError, TypeError, ValueError where the configuration is none."""
        if self._model["class_name"] == "Sequential":
            yield from self._list_sequence()
            return
        fed = iter(self._inputs)
        for layer in self._model["config"]["layers"]:
            if layer["class_name"] == "InputLayer":
                self._calls[layer["config"]["name"]] = [(next(fed, ""),)]
            for call in layer.get("inbound_nodes", ()):
                yield from self._call(layer, list(_list_arguments(call)))

    def outputs(self) -> Names:
        """What the model gives, after ``list_nodes``."""
        if self._model["class_name"] == "Sequential":
            return self._inputs
        told = self._model["config"]["output_layers"]
        return tuple(self._find(each) for each in ([told] if isinstance(told[0], str) else told))

    def _list_sequence(self) -> Iterator[Node]:
        for layer in self._model["config"]["layers"]:
            if layer["class_name"] != "InputLayer":
                yield from self._call(layer, list(self._inputs))
                self._inputs = self._calls[layer["config"]["name"]][-1]

    def _call(self, layer: Config, arguments: Sequence[Any]) -> Iterator[Node]:
        """The node of one call of a layer, or those of a model that is a layer here."""
        config, calls = layer["config"], self._calls.setdefault(layer["config"]["name"], [])
        place = f"{self._scope}{config['name']}" + (f"/{len(calls)}" if calls else "")
        takes = tuple(filter(None, (self._name(each, f"{place}/{at}") for at, each in enumerate(arguments))))
        if layer["class_name"] in _MODELS and "layers" in config:
            body = _ModelBody(layer, f"{place}/", takes, self._constants)
            yield from body.list_nodes()
            calls.append(body.outputs())
            return
        calls.append((place,))
        others = [each for each in arguments if not _is_tensor(each)]
        yield Node(layer["class_name"], config["name"], takes, (place,), partial(dict, config, args=others))

    def _name(self, argument: Any, place: str) -> str:
        """The name of the tensor that an argument is; "" where it is none."""
        if isinstance(argument, str):
            return argument
        if _is_tensor(argument):
            return self._find(argument["config"]["keras_history"] if isinstance(argument, Mapping) else argument)
        if isinstance(argument, int | float) and not isinstance(argument, bool):
            value = np.asarray(argument, np.float32)
            self._constants[place] = Constant((), "float32", value.ravel)
            return place
        return ""

    def _find(self, history: Sequence[Any]) -> str:
        """The tensor that a call of a layer gave: (layer, call, place). Calls of a model are counted from 1."""
        layer, call, place = history[:3]
        calls = self._calls[layer]
        given = calls[min(int(call), len(calls) - 1)]
        return given[place] if place < len(given) else f"{given[0]}:{place}"


def _is_tensor(argument: Any) -> bool:
    """As Keras 3 writes a tensor, or as Keras 2 does: [layer, call, place, settings]."""
    if isinstance(argument, Mapping):
        return argument.get("class_name") == _TENSOR
    return isinstance(argument, list) and len(argument) >= 3 and isinstance(argument[0], str)


def _list_arguments(call: Any) -> Iterator[Any]:
    """What a layer is called with; of lists and tuples, each part."""
    waiting = list(call["args"] if isinstance(call, Mapping) else call)
    while waiting:
        argument = waiting.pop(0)
        if isinstance(argument, list) and not _is_tensor(argument) and any(map(_is_tensor, argument)):
            waiting[:0] = argument
        else:
            yield argument
