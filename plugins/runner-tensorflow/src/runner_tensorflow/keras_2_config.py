"""What Keras 2 wrote about a model, in the words of Keras 3.

HDF5 files of Keras and TensorFlow.js models hold such a description: classes without modules, calls as lists, options
that Keras 3 no longer has. Only its form is changed here; ``keras_config`` says what may be built.

Source of the form: tf_keras/src/engine/functional.py (``get_network_config``), saving/legacy/hdf5_format.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from runner_tensorflow.safety import read_list
from runner_tensorflow.tensorflow_functions import OBJECTS, hard_sigmoid_of_keras_2

Described = dict[str, Any]

_TRAINING = ("_initializer", "_regularizer", "_constraint")  # ends of options that only training needs
# Options that Keras 3 does not have: of no effect where they are so, or (...) whatever they are.
_DROPPED: Mapping[str, Any] = {
    "adjustment": None, "fused": ..., "groups": 1, "implementation": ..., "input_length": ..., "key_shape": ...,
    "query_shape": ..., "ragged": False, "renorm": False, "rng_type": ..., "sparse": False, "time_major": False,
    "value_shape": ..., "virtual_batch_size": None,
}  # fmt: skip
_RENAMED = {("LeakyReLU", "alpha"): "negative_slope"}
_ACTIVATIONS = ("activation", "recurrent_activation")
_HARD_SIGMOID = {
    "module": hard_sigmoid_of_keras_2.__module__, "class_name": "function",
    "config": hard_sigmoid_of_keras_2.__name__, "registered_name": hard_sigmoid_of_keras_2.__name__,
}  # fmt: skip
_WRAPPED = ("layer", "backward_layer", "cell")  # options that are layers
_FUNCTIONAL, _SEQUENTIAL = "Functional", "Sequential"
_MODULES: Mapping[str, str] = {
    _FUNCTIONAL: "keras.src.models.functional", _SEQUENTIAL: "keras",
    **{name: OBJECTS[name].__module__ for name in ("TFOpLambda", "SlicingOpLambda")},
}  # fmt: skip
_CONSTANT = "_CONSTANT_VALUE"  # stands for a layer where a call's first argument is a number


def translate_model(described: Described, version: str) -> Described:
    """The model that Keras of this version described, as Keras 3 describes it. Raises ValueError for what it lacks."""
    if version.startswith(("1.", "2.")):
        described = _rename_activations(described)
    return translate_layer(_rename_layers(described))


def _rename_layers(value: Any) -> Any:
    """With names and references in which Keras 3 takes no slash, at any depth."""
    if isinstance(value, list):
        reference = len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int)
        return (
            [_plain(value[0]), *value[1:3], *_rename_layers(value[3:])] if reference else [*map(_rename_layers, value)]
        )
    if not isinstance(value, dict):
        return value
    return {key: _plain(each) if key == "name" else _rename_layers(each) for key, each in value.items()}


def _plain(name: Any) -> Any:
    return name.replace("/", "_") if isinstance(name, str) else name


def _rename_activations(value: Any) -> Any:
    """With Keras 2's own ``hard_sigmoid``, at any depth."""
    if isinstance(value, list):
        return [_rename_activations(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _HARD_SIGMOID if key in _ACTIVATIONS and each == "hard_sigmoid" else _rename_activations(each)
        for key, each in value.items()
    }


def translate_layer(layer: Described) -> Described:
    """A layer or model, as Keras 3 describes it. Raises ValueError for what it does not have."""
    name, config = _class_of(layer), layer["config"]
    config = {"layers": config} if isinstance(config, list) else dict(config)  # of a Sequential, before Keras 2.2.3
    if name == _FUNCTIONAL:
        config = _translate_functional(config)
    elif name == _SEQUENTIAL:
        config = {"name": config.get("name"), "layers": _translate_stack(config)}
    else:
        config = _translate_options(name, config)
    module = _find_module(name, layer)
    registered = name if name in OBJECTS else None
    return {**layer, "module": module, "class_name": name, "config": config, "registered_name": registered}


def _class_of(layer: Described) -> str:
    """Functional for any model that is a graph of layers, whatever its class."""
    config = layer["config"]
    is_graph = isinstance(config, dict) and {"layers", "input_layers", "output_layers"} <= config.keys()
    return _FUNCTIONAL if is_graph else str(layer["class_name"])


def _find_module(name: str, layer: Described) -> str:
    import keras

    if name in _MODULES:
        return _MODULES[name]
    calls = [call for call in layer.get("inbound_nodes", ()) if isinstance(call, dict)]
    several = any(len(call["args"]) > 1 for call in calls)  # so Keras 3 calls its operations, hardly a layer
    inner = [known for known in read_list("keras_objects.txt") if known.startswith("keras.src.")]
    found = [known.removesuffix(f".{name}") for known in inner if known.endswith(f".{name}")]
    if len(found) == 1 and (several or not hasattr(keras.layers, name)):
        return found[0]
    if not hasattr(keras.layers, name):
        raise ValueError(f"it needs the class {name!r}, which Keras does not have")
    return "keras.layers"


def _translate_options(name: str, config: Described) -> Described:
    """The options of a layer that is no model. Raises ValueError for one that Keras 3 does not have."""
    import keras

    if name == "Lambda":
        return config
    config = {key: value for key, value in config.items() if not key.endswith(_TRAINING)}
    shape = config.pop("batch_input_shape", None)
    if name == "InputLayer" and shape is not None:
        config["batch_shape"] = shape
    config = {_RENAMED.get((name, key), key): value for key, value in config.items()}
    config |= {key: translate_layer(config[key]) for key in _WRAPPED if isinstance(config.get(key), dict)}
    if "dtype" in config:
        config["dtype"] = _translate_dtype(config["dtype"])
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        (config["axis"],) = config["axis"]
    known = _list_options(getattr(keras.layers, name, None))
    for key in sorted(config.keys() - known) if known else []:
        value = config.pop(key)
        if key not in _DROPPED or _DROPPED[key] not in (..., value):
            raise ValueError(f"its layer {config.get('name')!r} is a {name} with {key} = {value!r}, unknown to Keras 3")
    return config


@cache
def _list_options(layer: type | None) -> frozenset[str]:
    """The options of a class of layers; none for what is none."""
    makers = [vars(base)["__init__"] for base in inspect.getmro(layer) if "__init__" in vars(base)] if layer else []
    return frozenset(name for maker in makers for name in inspect.signature(maker).parameters)


def _translate_dtype(dtype: object) -> object:
    """A policy by its name: ``"mixed_float16"``."""
    return dtype["config"]["name"] if isinstance(dtype, dict) and dtype["class_name"] == "Policy" else dtype


def _translate_stack(config: Described) -> list[Described]:
    """The layers of a Sequential, an InputLayer first where the shape of its input is known."""
    layers = config["layers"]
    shape = config.get("build_input_shape") or _find_input_shape(config)
    if shape is not None and layers[0]["class_name"] != "InputLayer":
        first = layers[0]["config"]
        name = first.get("name") if isinstance(first, dict) else None
        options = {"batch_shape": shape, "name": f"{name or 'model'}_input"}
        if isinstance(first, dict) and isinstance(first.get("dtype"), str):
            options["dtype"] = first["dtype"]
        layers = [{"class_name": "InputLayer", "config": options}, *layers]
    return [translate_layer(layer) for layer in layers]


def _find_input_shape(config: object) -> object:
    """The shape that the first layer, or the first one in it, takes."""
    if isinstance(config, list):
        config = {"layers": config}
    if not isinstance(config, dict):
        return None
    own = config.get("batch_input_shape") or config.get("batch_shape")
    if own or not config.get("layers"):
        return own
    return _find_input_shape(config["layers"][0]["config"])


def _translate_functional(config: Described) -> Described:
    layers = config["layers"]
    classes = {layer["name"]: _class_of(layer) for layer in layers}
    # Keras 2 numbers the calls of a model from 1: 0 is the one by which it was made.
    nested = {name for name, kind in classes.items() if kind in (_FUNCTIONAL, _SEQUENTIAL)}
    # Keras 3 does so in outputs, but not of a Sequential.
    stacks = {name for name in nested if classes[name] == _SEQUENTIAL and not _is_new(layers)}
    translated = [
        {
            **translate_layer(layer),
            "inbound_nodes": [_translate_call(call, nested, classes) for call in layer.get("inbound_nodes", ())],
        }
        for layer in layers
    ]
    inputs = _list_references(config["input_layers"])
    outputs = [_lower(reference, stacks) for reference in _list_references(config["output_layers"])]
    kept: Described = {key: config[key] for key in ("name", "trainable") if key in config}
    return {**kept, "layers": translated, "input_layers": _unpack(inputs), "output_layers": _unpack(outputs)}


def _is_new(layers: list[Described]) -> bool:
    """Whether Keras 3 wrote the calls of these layers."""
    return any(isinstance(call, dict) for layer in layers for call in layer.get("inbound_nodes", ()))


def _unpack(items: list[Any]) -> Any:
    """A single thing without its list: a model takes and gives it so."""
    return items[0] if len(items) == 1 else items


def _list_references(references: Any) -> Any:
    """A list of references, where one alone may stand without a list."""
    return [references] if references and isinstance(references[0], str) else references


def _lower(reference: Any, nested: Collection[str]) -> list[Any]:
    name, call, tensor = reference[:3]
    return [name, call - 1 if name in nested else call, tensor]


def _translate_call(call: Any, nested: Collection[str], layers: Collection[str]) -> Described:
    """What a layer is called with: ``[[layer, call, tensor, {option: value}], ...]``, or Keras 3's own form."""
    if isinstance(call, dict):
        return call
    given = _list_references(call)
    options = given[0][3] if len(given[0]) > 3 else {}
    kwargs = {
        key: _describe_tensor(value, nested) if _is_reference(value, layers) else value
        for key, value in options.items()
        if key != "name"
    }
    if given[0][0] == _CONSTANT:  # which Keras 3 takes by its name alone
        return {"args": [], "kwargs": {"first": given[0][2], **kwargs}}
    return {"args": [_unpack([_describe_tensor(each, nested) for each in given])], "kwargs": kwargs}


def _is_reference(value: object, layers: Collection[str]) -> bool:
    return isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and value[0] in layers


def _describe_tensor(reference: Any, nested: Collection[str]) -> Any:
    """Keras 3 takes the shape and dtype from the layer."""
    config = {"shape": [None], "dtype": "float32", "keras_history": _lower(reference, nested)}
    return {"class_name": "__keras_tensor__", "config": config}
