"""Frozen graphs of TensorFlow 1: a GraphDef in a ``.pb`` file, its weights constants in it.

The file does not name inputs and outputs; they are found in the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from runner_core.contracts import EngineOptions
from runner_core.engines import read_header
from runner_core.errors import EngineError
from runner_tensorflow.graph_defs import find_reachable, prune
from runner_tensorflow.import_graph import import_graph
from runner_tensorflow.picture_decoder import find_decoded_inputs
from runner_tensorflow.program import VARIABLES, Program
from runner_tensorflow.runtime import SavedModel, tf
from runner_tensorflow.tensors import by_name

# What exporters call outputs, whatever else hangs in the graph: tensorflow/models, research/object_detection,
# core/standard_fields.py (DetectionResultFields) and exporter.py.
_KNOWN = frozenset({
    "detection_boxes", "detection_classes", "detection_keypoint_scores", "detection_keypoints", "detection_masks",
    "detection_multiclass_scores", "detection_scores", "num_detections", "raw_detection_boxes", "raw_detection_scores",
})  # fmt: skip
_NO_ANSWERS = frozenset({"Assert", "Const", "NoOp", "Placeholder", "PlaceholderWithDefault", "Print", "PrintV2"})
_FLOW = frozenset({"ControlTrigger", "Enter", "Exit", "LoopCond", "Merge", "NextIteration", "Switch"})
_NO_NUMBERS = frozenset({tf.resource, tf.variant})


def read(path: Path, options: EngineOptions) -> Program:
    """Raises EngineError saying what the file is not."""
    graph_def = prune(_parse(path))
    variable = next((node.name for node in graph_def.node if node.op in VARIABLES), None)
    if variable is not None:
        raise EngineError(
            f"{path}: the graph is not frozen, the value of its variable {variable!r} is elsewhere",
            remedy="freeze it with its checkpoint, or export a SavedModel",
        )
    graph = import_graph(graph_def, path, options)
    inputs = find_inputs(graph)
    outputs = find_outputs(graph, inputs)
    metadata = {"format": "frozen graph"}
    decoded = find_decoded_inputs(inputs, outputs)
    return Program(path, graph, by_name(inputs), by_name(outputs), metadata, decoded=decoded)


def find_inputs(graph: Any) -> list[Any]:
    """Tensors of placeholders that are used, in the graph's order; those with a default only if there are no others."""
    placeholders = _of_type(graph, "Placeholder") or _of_type(graph, "PlaceholderWithDefault")
    return [tensor for tensor in placeholders if tensor.consumers()] or placeholders


def find_outputs(graph: Any, inputs: Iterable[Any]) -> list[Any]:
    """The tensors that are answers, in the graph's order.

    By the names that exporters give them; else those of ops that depend on an input and that no other op uses. What
    conditions and loops leave behind counts only where there is nothing else.
    """
    known = [tensor for op in graph.get_operations() if op.name in _KNOWN for tensor in op.outputs]
    if known:
        return known
    leaves = list(_find_leaves(graph, inputs))
    tensors = [tensor for op in leaves if not _is_left_of_flow(op) for tensor in op.outputs]
    tensors = tensors or [tensor for op in leaves for tensor in op.outputs]
    return [tensor for tensor in tensors if tensor.dtype.base_dtype not in _NO_NUMBERS]


def _find_leaves(graph: Any, inputs: Iterable[Any]) -> Iterator[Any]:
    waited_for = {before.name for op in graph.get_operations() for before in op.control_inputs}
    for op in _find_followers(graph, inputs):
        used = op.name in waited_for or any(tensor.consumers() for tensor in op.outputs)
        if not used and op.type not in _NO_ANSWERS and not op.type.endswith("Summary"):
            yield op


def _find_followers(graph: Any, inputs: Iterable[Any]) -> list[Any]:
    """The ops that depend on the inputs' data, in the graph's order."""
    names = find_reachable(_users(inputs), lambda name: _users(graph.get_operation_by_name(name).outputs))
    return [op for op in graph.get_operations() if op.name in names]


def _users(tensors: Iterable[Any]) -> set[str]:
    return {op.name for tensor in tensors for op in tensor.consumers()}


def _is_left_of_flow(op: Any) -> bool:
    """Whether an op is an unused branch or loop variable; ``switch_t`` is an Identity of a Switch."""
    return op.type in _FLOW or (op.type == "Identity" and op.inputs[0].op.type in _FLOW - {"Merge", "Exit"})


def _of_type(graph: Any, kind: str) -> list[Any]:
    return [op.outputs[0] for op in graph.get_operations() if op.type == kind]


def _parse(path: Path) -> Any:
    read_header(path)
    data = path.read_bytes()
    graph_def = _try_parse(tf.compat.v1.GraphDef, data)
    if graph_def is not None and graph_def.node:
        return graph_def
    saved_model = _try_parse(SavedModel, data)
    if saved_model is not None and any(meta.graph_def.node for meta in saved_model.meta_graphs):
        raise EngineError(f"{path}: part of a SavedModel, not a frozen graph", remedy=f"name its folder: {path.parent}")
    raise EngineError(f"{path}: not a TensorFlow graph, or one that was cut short", remedy="fetch it again")


def _try_parse(message: Any, data: bytes) -> Any:
    try:
        return message.FromString(data)
    except DecodeError:
        return None
