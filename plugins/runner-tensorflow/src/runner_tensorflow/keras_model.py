"""Keras models in ``.keras`` and HDF5 files: built by Keras, then traced into a frozen graph like any other."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.engines import read_header
from runner_core.errors import EngineError
from runner_tensorflow.engine_errors import raise_engine_errors, report_warnings
from runner_tensorflow.graph_defs import prune
from runner_tensorflow.import_graph import import_graph
from runner_tensorflow.keras_config import demand_known
from runner_tensorflow.program import Program
from runner_tensorflow.runtime import function_to_constants, tf
from runner_tensorflow.tensors import names_of

_EXPORT = "export it as a SavedModel"
_LEAST_OF_NO_PIXELS = 0.1  # what scales 0 to 255 to a few units multiplies by 1/255, 1/127.5 or about that


def read(path: Path, options: EngineOptions) -> Program:
    """Inputs are named as the model's input layers, outputs as its keys, or as the layers that they come from.

    Raises EngineError for what is not a Keras file, or needs classes of its own; UntrustedError for what
    ``keras_config`` does not know.
    """
    build = _find_builder(path)
    import keras

    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise EngineError(f"{path}: Keras runs on {backend} here", remedy="set KERAS_BACKEND=tensorflow")
    # Keras would build it on a GPU if there is one, whatever device the brain is for.
    remedy = f"if it needs classes of its own, {_EXPORT}"
    with raise_engine_errors(path, remedy=remedy), tf.device("/CPU:0"), report_warnings(path):
        model = build(path, trusted=options.trusted)
    return trace_program(model, path, options)


def trace_program(model: Any, path: Path, options: EngineOptions) -> Program:
    """The inference of a Keras model as a Program. Raises EngineError, UntrustedError."""
    import keras

    with raise_engine_errors(path, remedy=_EXPORT), tf.device("/CPU:0"):
        if not model.inputs:
            raise EngineError(f"{path}: the model does not say what it takes", remedy=_EXPORT)
        flat = keras.Model(list(model.inputs), list(model.outputs))
        function = _trace(flat)
    graph = import_graph(prune(function.graph.as_graph_def()), path, options)
    inputs = dict(zip(names_of(flat.inputs), names_of(function.inputs), strict=True))
    outputs = dict(zip(_output_names(model, flat), names_of(function.outputs), strict=True))
    return Program(path, graph, inputs, outputs, {"format": "Keras"} | _read_scaling(model))


def _find_builder(path: Path) -> Callable[..., Any]:
    """What builds the model of this file; its bytes decide, for people call both forms by any of the names."""
    header = read_header(path)
    if zipfile.is_zipfile(path):
        return _build_zipped
    if header.startswith(b"\x89HDF\r\n\x1a\n"):
        from runner_tensorflow.hdf5_model import build

        return build
    raise EngineError(f"{path}: neither a .keras file nor HDF5, or one that was cut short", remedy="fetch it again")


def _build_zipped(path: Path, *, trusted: bool) -> Any:
    """What is checked is what is built: a copy that nobody else writes, under the only name that Keras takes."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copyfile(path, Path(folder) / "model.keras"))
        if not trusted:
            demand_known(copy, path)
        return keras.saving.load_model(copy, compile=False, safe_mode=not trusted)


def _read_scaling(model: Any) -> dict[str, str]:
    """Metadata that the input takes pixels as they are, where the first layer scales them."""
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    scale = getattr(layers[0], "scale", None) if layers and type(layers[0]).__name__ == "Rescaling" else None
    pixels = isinstance(scale, int | float) and 0 < scale < _LEAST_OF_NO_PIXELS
    return {"mean": "0", "std": "1"} if pixels else {}


def _trace(flat: Any) -> Any:
    """The inference of a model whose inputs and outputs are lists, as a function on constants."""
    takes = [tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name) for tensor in flat.inputs]
    infer = tf.function(lambda *tensors: flat(list(tensors), training=False), autograph=False)
    return function_to_constants(infer.get_concrete_function(*takes))


def _output_names(model: Any, flat: Any) -> list[str]:
    """One name an output; Keras orders a dictionary's by key."""
    given = getattr(model, "output", None)
    if isinstance(given, dict):
        return sorted(given)
    names = flat.output_names
    return [name if names.count(name) == 1 else f"{name}:{index}" for index, name in enumerate(names)]
