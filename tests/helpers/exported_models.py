"""A Keras model in every format that runner opens, written by the formats' own converters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

FORMATS = (".keras", ".h5", "saved-model", ".pb", ".tflite", ".onnx", ".xml")


def import_keras() -> Any:
    """Keras on TensorFlow, both silent."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    pytest.importorskip("tensorflow")
    import keras

    return keras


def export(model: Any, folder: Path, name: str = "model") -> dict[str, Path]:
    """The paths of the files, and of the folder of the SavedModel, by format."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {each: folder / f"{name}{each if each.startswith('.') else ''}" for each in FORMATS}
    model.save(paths[".keras"])
    model.save(paths[".h5"])
    frozen = _freeze(model)
    model.export(paths["saved-model"], verbose=False)
    paths[".pb"].write_bytes(frozen.graph.as_graph_def().SerializeToString())
    paths[".tflite"].write_bytes(_to_tflite(frozen))
    paths[".onnx"].write_bytes(_to_onnx(frozen))
    _save_openvino(paths[".onnx"], paths[".xml"])
    return paths


def _freeze(model: Any) -> Any:
    """The model as one function of a batch of one, its variables constants."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    spec = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="image")
    call = tf.function(lambda image: model(image, training=False)).get_concrete_function(spec)
    return convert_variables_to_constants_v2(call)


def _to_tflite(frozen: Any) -> bytes:
    import tensorflow as tf

    written: bytes = tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert()
    return written


def _to_onnx(frozen: Any) -> bytes:
    import tf2onnx

    names = [[tensor.name for tensor in side] for side in (frozen.inputs, frozen.outputs)]
    model, _ = tf2onnx.convert.from_graph_def(frozen.graph.as_graph_def(), input_names=names[0], output_names=names[1])
    written: bytes = model.SerializeToString()
    return written


def _save_openvino(onnx: Path, place: Path) -> None:
    import openvino

    openvino.save_model(openvino.convert_model(onnx), place)
