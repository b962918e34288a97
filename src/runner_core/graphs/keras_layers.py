"""The layers of a Keras model, as its configuration describes them.

Source: keras/src/saving/serialization_lib.py and keras/src/models/{functional,sequential}.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from runner_core.graphs.constant import Constant
from runner_core.graphs.keras_weights import KerasWeights
from runner_core.graphs.node import Node

_MODELS = frozenset({"Functional", "Model", "Sequential"})
_WORDS = re.compile(r"(.)([A-Z][a-z]+)"), re.compile(r"([a-z])([A-Z])")
_TENSOR = "__keras_tensor__"

Names = tuple[str, ...]
Config = Mapping[str, Any]


def list_layers(model: Config) -> list[Config]:
    """Those of a model; a Sequential of early versions has nothing else as its configuration."""
    config = model["config"]
    return list(config if isinstance(config, list) else config["layers"])


class ModelBody:
    """The layers of one model, fed with the tensors ``inputs``.

    Names of its tensors begin with ``scope``; weights are looked for from ``place`` on. They, and numbers that layers
    are called with, are added to ``constants``.
    """

    def __init__(
        self,
        model: Config,
        inputs: Names,
        constants: dict[str, Constant],
        weights: KerasWeights,
        scope: str = "",
        place: str = "",
    ) -> None:
        self._model, self._scope, self._constants = model, scope, constants
        self._inputs, self._weights, self._place = inputs, weights, place
        self._calls: dict[str, list[Names]] = {}  # of each layer: what each call gives
        self._places: dict[str, str] = {}  # of each layer: where its weights are
        self._counts: dict[str, int] = {}  # of layers of each kind

    def list_nodes(self) -> Iterator[Node]:
        """Layers in order. Raises KeyError, TypeError, ValueError where the configuration is none."""
        sequence, fed = self._model["class_name"] == "Sequential", iter(self._inputs)
        for layer in list_layers(self._model):
            self._note_place(layer)
            if layer["class_name"] == "InputLayer":
                self._calls[layer["config"]["name"]] = [(next(fed, ""),)]
            elif sequence:
                yield from self._call(layer, list(self._inputs))
                self._inputs = self._calls[layer["config"]["name"]][-1]
            else:
                for call in layer.get("inbound_nodes", ()):
                    yield from self._call(layer, list(_list_arguments(call)))

    def outputs(self) -> Names:
        """What the model gives, after ``list_nodes``."""
        if self._model["class_name"] == "Sequential":
            return self._inputs
        told = self._model["config"]["output_layers"]
        return tuple(self._find(each) for each in ([told] if isinstance(told[0], str) else told))

    def _note_place(self, layer: Config) -> None:
        """Keras 3 keeps weights by the kind of the layer, numbered: ``layers/conv2d_1``."""
        kind = layer["class_name"]
        for pattern in _WORDS:
            kind = pattern.sub(r"\1_\2", kind)
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        counted = f"{kind.lower()}_{number}" if number else kind.lower()
        self._places[layer["config"]["name"]] = f"{self._place}layers/{counted}"

    def _call(self, layer: Config, arguments: Sequence[Any]) -> Iterator[Node]:
        """The node of one call of a layer, or those of a model that is a layer here."""
        config, name = layer["config"], layer["config"]["name"]
        calls, place = self._calls.setdefault(name, []), self._places[name]
        scope = f"{self._scope}{name}" + (f"/{len(calls)}" if calls else "")
        takes = tuple(filter(None, (self._name(each, f"{scope}/{at}") for at, each in enumerate(arguments))))
        if layer["class_name"] in _MODELS and "layers" in config:
            body = ModelBody(layer, takes, self._constants, self._weights, f"{scope}/", f"{place}/")
            yield from body.list_nodes()
            calls.append(body.outputs())
            return
        calls.append((scope,))
        weights = {
            f"{scope}/weight{at}": weight
            for at, weight in enumerate(self._weights.list_of(layer["class_name"], config, place))
        }
        self._constants.update(weights)
        others = [each for each in arguments if not _is_tensor(each)]
        yield Node(layer["class_name"], name, (*takes, *weights), (scope,), partial(dict, config, args=others))

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
