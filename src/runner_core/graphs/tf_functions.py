"""Functions of a TensorFlow graph, written out where they are called.

Source: tensorflow/core/framework/{function,op_def}.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from runner_core.graphs.node import Node
from runner_core.graphs.tf_node import read_node
from runner_core.graphs.wire import Message

# Fields of FunctionDef and OpDef.
_HEAD, _BODY, _RESULTS = 1, 3, 4
_NAME, _ARGUMENTS, _ANSWERS = 1, 2, 3
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_DEEPEST = 32  # functions that call each other


@attrs.frozen(eq=False)
class Function:
    """What a node may call. Its own tensors are called ``node:output:place``, its arguments by their names.

    ``answers``  the tensors that it returns.
    """

    name: str
    arguments: tuple[str, ...]
    answers: tuple[str, ...]
    body: Message

    @classmethod
    def of(cls, function: Message) -> Function:
        head = function.message(_HEAD)
        results = {each.message(1).text(): each.message(2).text() for each in function.messages(_RESULTS)}
        arguments, answers = (
            tuple(each.message(_NAME).text() for each in head.messages(side)) for side in (_ARGUMENTS, _ANSWERS)
        )
        return cls(head.message(_NAME).text(), arguments, tuple(results.get(each, "") for each in answers), function)

    def nodes(self) -> Iterator[Node]:
        """Those of its body. Outputs are the tensors that are used."""
        read = [read_node(node) for node in self.body.messages(_BODY)]
        used = dict.fromkeys((*(name for node in read for name in node.inputs), *self.answers))
        gives: dict[str, list[str]] = {}
        for name in used:
            gives.setdefault(name.partition(":")[0], []).append(name)
        for node in read:
            yield attrs.evolve(node, outputs=tuple(sorted(gives.get(node.name, ()), key=_read_place)))


def write_out_calls(nodes: Iterable[Node], library: Message) -> Iterator[Node]:
    """The nodes, with the bodies of the functions of a FunctionDefLibrary in place of the nodes that call them.

    Raises ValueError where functions call each other without end.
    """
    functions = {function.name: function for function in map(Function.of, library.messages(1))}
    for node in nodes:
        yield from _write_out(node, functions, 0)


def _write_out(node: Node, functions: Mapping[str, Function], depth: int) -> Iterator[Node]:
    """The node, or the body of what it calls, between nodes that hand tensors in and out."""
    function = functions.get(_find_called(node))
    if function is None:
        yield node
        return
    if depth == _DEEPEST:
        raise ValueError(f"functions call each other more than {_DEEPEST} deep")
    scope = f"{node.outputs[0] if node.outputs else node.name}/"
    for argument, given in zip(function.arguments, node.inputs, strict=False):
        yield Node("Identity", "", (given,), (scope + argument,))
    for inner in function.nodes():
        yield from _write_out(_put_into(inner, scope), functions, depth + 1)
    for name in node.outputs:
        place = _read_place(name)
        if place < len(function.answers):
            yield Node("Identity", "", (scope + function.answers[place],), (name,))


def _find_called(node: Node) -> str:
    return str(node.attributes.get("f", "")) if node.kind in _CALLS else node.kind


def _put_into(node: Node, scope: str) -> Node:
    inputs, outputs = (tuple(scope + name for name in side) for side in (node.inputs, node.outputs))
    return attrs.evolve(node, inputs=inputs, outputs=outputs)


def _read_place(name: str) -> int:
    """Which output of its node a tensor is."""
    place = name.rpartition(":")[2]
    return int(place) if place.isdecimal() else 0
