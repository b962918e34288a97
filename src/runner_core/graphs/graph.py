"""Graph: the operations, weights and tensors of a model, as its file has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from runner_core.graphs.constant import Constant
from runner_core.graphs.node import Node
from runner_core.graphs.value import Value

MOST_NODES = 200_000  # of a graph that is read: large language models have some ten thousand
MOST_NAMES = 2_000_000  # of their inputs and outputs


@attrs.frozen(eq=False)
class Graph:
    """What a model file says of its graph.

    ``format``     as ``runner_core.cards.format_of`` spells it: ``.onnx``, ``.tflite``, ``saved-model``, ...
    ``producer``   what wrote the file, with its version, as in ``pytorch 2.1``; empty where it does not say.
    ``nodes``      in the file's order. A function that a node calls is written out in its place.
    ``constants``  by the name of the tensor.
    ``metadata``   what else the file says, by its own keys: of ONNX its properties, of OpenVINO how it was converted.
    """

    format: str
    producer: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, Constant]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    metadata: Mapping[str, str] = attrs.field(factory=dict)

    @cached_property
    def users(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that take each tensor, by its name."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    @cached_property
    def makers(self) -> Mapping[str, Node]:
        """The node that gives each tensor, by its name."""
        return {name: node for node in self.nodes for name in node.outputs}


def collect_nodes(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """All of them. Raises ValueError where there are more than any model has: a damaged or a hostile file."""
    found: list[Node] = []
    names = 0
    for node in nodes:
        found.append(node)
        names += len(node.inputs) + len(node.outputs)
        if len(found) > MOST_NODES or names > MOST_NAMES:
            raise ValueError(f"more than {MOST_NODES} nodes, or {MOST_NAMES} tensors")
    return tuple(found)
