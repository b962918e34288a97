"""SavedModels, read without TensorFlow.

Source: tensorflow/core/protobuf/{saved_model,meta_graph,trackable_object_graph}.proto.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from runner_core.graphs.constant import Constant
from runner_core.graphs.graph import Graph, collect_nodes
from runner_core.graphs.graph_def import LIBRARY, find_constants, read_outer_nodes
from runner_core.graphs.mapped_file import map_file
from runner_core.graphs.node import Node
from runner_core.graphs.tensor_bundle import TensorBundle
from runner_core.graphs.tf_functions import write_out_calls
from runner_core.graphs.tf_tensor import read_dtype, read_shape
from runner_core.graphs.value import Value
from runner_core.graphs.wire import Message

_FILE = "saved_model.pb"
# Fields of SavedModel, MetaGraphDef, its MetaInfoDef, and SignatureDef.
_META_GRAPHS, _INFO, _GRAPH, _SIGNATURES = 2, 1, 2, 5
_TAGS, _VERSION = 4, 5
_INPUTS, _OUTPUTS = 1, 2
_SERVE, _USUAL = "serve", "serving_default"
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
_NUMBERED = re.compile(r"_\d+$")


def read_saved_model(folder: Path) -> Graph:
    """The graph behind its usual signature. Raises ValueError for another file, or one without signatures, OSError."""
    model = Message(map_file(folder / _FILE))
    meta = next(filter(_is_served, model.messages(_META_GRAPHS)), Message(b""))
    signature = _find_signature(meta)
    inputs, outputs = (tuple(_read_values(signature, side)) for side in (_INPUTS, _OUTPUTS))
    graph = meta.message(_GRAPH)
    needed = _list_needed(tuple(read_outer_nodes(graph)), [value.name for value in outputs])
    nodes = collect_nodes(write_out_calls(needed, graph.message(LIBRARY)))
    constants = find_constants(nodes) | _find_variables(nodes, folder)
    producer = f"tensorflow {meta.message(_INFO).message(_VERSION).text()}".strip()
    return Graph("saved-model", producer, nodes, constants, inputs, outputs)


def _is_served(meta: Message) -> bool:
    tags = list(meta.message(_INFO).texts(_TAGS))
    return _SERVE in tags or not tags


def _find_signature(meta: Message) -> Message:
    """The usual one, else the first that has inputs."""
    signatures = {each.message(1).text(): each.message(2) for each in meta.messages(_SIGNATURES)}
    usable = [each for each in (signatures.get(_USUAL), *signatures.values()) if each and len(each.message(_INPUTS))]
    if not usable:
        raise ValueError("no signature that takes an input")
    return usable[0]


def _read_values(signature: Message, side: int) -> Iterator[Value]:
    """TensorInfos: the name of a tensor, its type and shape."""
    for entry in signature.messages(side):
        info = entry.message(2)
        yield Value(info.message(1).text(), read_shape(info.message(3)), read_dtype(info.number(2)))


def _list_needed(nodes: tuple[Node, ...], outputs: list[str]) -> list[Node]:
    """Those that the outputs depend on, in order: the graph also saves and restores its variables."""
    makers = {name: node for node in nodes for name in node.outputs}
    needed: set[str] = set()
    waiting = list(outputs)
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is not None and maker.name not in needed:
            needed.add(maker.name)
            waiting.extend(maker.inputs)
    return [node for node in nodes if node.name in needed]


def _find_variables(nodes: tuple[Node, ...], folder: Path) -> dict[str, Constant]:
    """The values of variables, by the tensor that refers to one; none where they cannot be read."""
    asked = [node for node in nodes if node.kind in _VARIABLES and node.outputs]
    if not asked:
        return {}
    try:
        bundle = TensorBundle.open(folder / "variables" / "variables")
        keys = _read_keys(bundle)
    except (ValueError, OSError):
        return {}
    found = {node.outputs[0]: _find_value(node, bundle, keys) for node in asked}
    return {name: constant for name, constant in found.items() if constant is not None}


def _find_value(node: Node, bundle: TensorBundle, keys: Mapping[str, str]) -> Constant | None:
    """By the variable's own name, for which a checkpoint since TensorFlow 2 has a key.

    A variable whose name was taken is numbered in the graph, ``kernel_1``, and not in its checkpoint.
    """
    name = node.attributes.get("shared_name") or node.name
    for tried in (name, _NUMBERED.sub("", name)):
        constant = bundle.find(keys.get(tried, tried))
        if constant is not None and node.attributes.get("shape", constant.shape) == constant.shape:
            return constant
    return None


def _read_keys(bundle: TensorBundle) -> dict[str, str]:
    """The key of each variable by its name, from the checkpoint's TrackableObjectGraph; none before TensorFlow 2."""
    if _OBJECTS not in bundle.entries:
        return {}
    keys: dict[str, str] = {}
    for node in Message(bundle.read_text(_OBJECTS)).messages(1):
        for attribute in node.messages(2):
            keys.setdefault(attribute.message(2).text(), attribute.message(3).text())
    return keys
