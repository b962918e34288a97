"""Converters: a Network as a file of other engines, by TensorFlow's own converter and by tf2onnx."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from runner_core.errors import NotInstalled
from runner_tensorflow.extract_network import IMAGE, Network
from runner_tensorflow.runtime import deprecation, tf

_OPSET = 17  # of ONNX; read by every runtime since 2022
_SMALLEST = 64  # numbers of a tensor that is worth a Cast


def to_tflite(network: Network, *, half: bool) -> bytes:
    """A ``.tflite`` file of built-in operators only."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(network.graph_def, name="")
    image, *outputs = (graph.get_tensor_by_name(f"{name}:0") for name in (IMAGE, *network.roles))
    with _quiet(), tf.compat.v1.Session(graph=graph) as session:
        converter = tf.compat.v1.lite.TFLiteConverter.from_session(session, [image], outputs)
        if half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        data: bytes = converter.convert()
    return data


def to_onnx(network: Network, *, half: bool) -> bytes:
    """An ``.onnx`` file. Raises NotInstalled where tf2onnx is missing."""
    try:
        tf2onnx = importlib.import_module("tf2onnx")
    except ImportError as error:
        raise NotInstalled(
            f"ONNX files are written by tf2onnx, which cannot be imported ({error})",
            remedy="pip install 'runner-tensorflow[onnx]'",
        ) from error
    names = [f"{name}:0" for name in (IMAGE, *network.roles)]
    with _quiet():
        model, _ = tf2onnx.convert.from_graph_def(
            network.graph_def, input_names=names[:1], output_names=names[1:], opset=_OPSET
        )
    _rename(model.graph, {name: name.removesuffix(":0") for name in names})
    if half:
        _halve(model.graph)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


WRITERS: dict[str, Callable[..., bytes]] = {".onnx": to_onnx, ".tflite": to_tflite}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the converters' progress and TensorFlow's deprecation warnings off the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with deprecation.silence():
            yield
    finally:
        logging.disable(level)


def _rename(graph: Any, names: dict[str, str]) -> None:
    for each in (*graph.input, *graph.output, *graph.initializer):
        each.name = names.get(each.name, each.name)
    for node in graph.node:
        for references in (node.input, node.output):
            for place, name in enumerate(references):
                references[place] = names.get(name, name)


def _halve(graph: Any) -> None:
    """Stores the weights as float16, each behind a Cast to float32: runtimes unpack them once, when they load it."""
    onnx = importlib.import_module("onnx")
    casts = []
    for weight in graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size >= _SMALLEST:
            casts.append(
                onnx.helper.make_node("Cast", [f"{weight.name}/half"], [weight.name], to=onnx.TensorProto.FLOAT)
            )
            weight.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{weight.name}/half"))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
