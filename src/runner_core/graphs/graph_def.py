"""TensorFlow's graphs, read without TensorFlow: frozen ones, with their weights in them.

Source: tensorflow/core/framework/graph.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from runner_core.graphs.constant import Constant
from runner_core.graphs.graph import Graph, collect_nodes
from runner_core.graphs.mapped_file import map_file
from runner_core.graphs.node import Node
from runner_core.graphs.tf_functions import write_out_calls
from runner_core.graphs.tf_node import read_node
from runner_core.graphs.value import Value
from runner_core.graphs.wire import Message

_NODE, LIBRARY = 1, 2  # fields of GraphDef
_MOST_OUTPUTS = 10_000  # of a node
_NO_ANSWERS = frozenset({"Assert", "Const", "NoOp"})


def read_frozen_graph(path: Path) -> Graph:
    """Raises ValueError for any other file, OSError."""
    graph = Message(map_file(path))
    nodes = collect_nodes(write_out_calls(read_outer_nodes(graph), graph.message(LIBRARY)))
    inputs = tuple(read_placeholder(node) for node in nodes if node.kind.startswith("Placeholder"))
    if not inputs:
        raise ValueError(f"{path}: no graph of TensorFlow")
    used = {name for node in nodes for name in node.inputs}
    leaves = (name for node in nodes if node.kind not in _NO_ANSWERS for name in node.outputs if name not in used)
    return Graph(".pb", "tensorflow", nodes, find_constants(nodes), inputs, tuple(map(Value, leaves)))


def read_placeholder(node: Node) -> Value:
    """What is fed for it."""
    return Value(node.outputs[0], node.attributes.get("shape"), node.attributes.get("dtype", ""))


def find_constants(nodes: Iterable[Node]) -> dict[str, Constant]:
    """Those that are nodes of the graph, by the name of the tensor."""
    found = {node.outputs[0]: node.attributes.get("value") for node in nodes if node.kind == "Const" and node.outputs}
    return {name: constant for name, constant in found.items() if isinstance(constant, Constant)}


def read_outer_nodes(graph: Message) -> Iterator[Node]:
    """Those of a GraphDef itself, not of its functions. Tensors are called ``node:place``.

    A node has as many outputs as are used, and one at least. Raises ValueError.
    """
    read = [read_node(node) for node in graph.messages(_NODE)]
    inputs = [tuple(name if ":" in name else f"{name}:0" for name in node.inputs) for node in read]
    gives: dict[str, int] = {}
    for maker, _, place in (name.rpartition(":") for names in inputs for name in names):
        gives[maker] = max(gives.get(maker, 0), min(int(place), _MOST_OUTPUTS) if place.isdecimal() else 0)
    for node, names in zip(read, inputs, strict=True):
        outputs = tuple(f"{node.name}:{place}" for place in range(gives.get(node.name, 0) + 1))
        yield attrs.evolve(node, inputs=names, outputs=outputs)
