"""Runs a model by its format's own runtime, called directly: what the references stand on.

Each function takes one input and gives all outputs, in the model's order. Numbers are real: a quantised tensor is
quantised and dequantised by its own scale and zero point.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np


def run(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    """Runs the model of a file on one input."""
    runners = {".onnx": _run_onnx, ".tflite": _run_tflite, ".xml": _run_openvino, ".pb": _run_graph}
    return runners.get(path.suffix, _run_keras)(path, tensor)


def get_shape(path: Path) -> list[int]:
    """Gives the shape of the first input of an ``.onnx`` or ``.tflite`` file; what is not fixed is 0."""
    if path.suffix == ".tflite":
        return [int(size) for size in _open_tflite(path).get_input_details()[0]["shape"]]
    return [size if isinstance(size, int) else 0 for size in _open_onnx(path).get_inputs()[0].shape]


def _open_onnx(path: Path) -> Any:
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _run_onnx(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    session = _open_onnx(path)
    feed = session.get_inputs()[0]
    dtype = np.float16 if "float16" in feed.type else np.float32
    return [np.asarray(out, np.float32) for out in session.run(None, {feed.name: tensor.astype(dtype)})]


def _open_tflite(path: Path) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(str(path))


def _run_tflite(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    interpreter = _open_tflite(path)
    interpreter.allocate_tensors()
    feed, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()
    interpreter.set_tensor(feed["index"], _quantise(tensor, feed))
    interpreter.invoke()
    return [_dequantise(interpreter.get_tensor(output["index"]), output) for output in outputs]


def _quantise(tensor: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero = detail["quantization"]
    if scale == 0:
        return tensor.astype(detail["dtype"])
    bounds = np.iinfo(detail["dtype"])
    return np.clip(np.rint(tensor / scale + zero), bounds.min, bounds.max).astype(detail["dtype"])


def _dequantise(tensor: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero = detail["quantization"]
    return tensor.astype(np.float32) if scale == 0 else (tensor.astype(np.float32) - zero) * scale


def _run_openvino(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    import openvino

    model = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return list(model(tensor.astype(np.float32)).values())


def _run_graph(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(path.read_bytes())
    read = {name.split(":")[0].lstrip("^") for node in graph.node for name in node.input}
    feed = next(node.name for node in graph.node if node.op == "Placeholder")
    ends = [node.name for node in graph.node if node.name not in read and node.op not in ("NoOp", "Const")]
    function = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    pruned = function.prune(f"{feed}:0", [f"{end}:0" for end in ends])
    return [np.asarray(out) for out in pruned(tf.constant(tensor.astype(np.float32)))]


def _run_keras(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    """By the Keras that wrote the file: of Keras 2, which is ``tf_keras`` now, Keras 3 cannot open all."""
    import h5py

    with h5py.File(path) as file:
        new = str(file.attrs.get("keras_version", "2")).startswith("3")
    keras = importlib.import_module("keras" if new else "tf_keras")
    model = keras.models.load_model(path, compile=False)
    return [np.asarray(model(tensor.astype(np.float32), training=False))]
