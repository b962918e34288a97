"""TensorFlow's nodes in protobuf. Source: tensorflow/core/framework/{node_def,attr_value}.proto."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from runner_core.graphs.node import Node
from runner_core.graphs.tf_tensor import read_dtype, read_shape, read_tensor
from runner_core.graphs.wire import Message

_NAME, _KIND, _INPUT, _ATTRIBUTE = 1, 2, 3, 5
# How each field of an AttrValue is read: a number, a text, a dtype, a shape, a Constant, the name of a function.
_READERS: dict[int, Callable[[Message], Any]] = {
    1: lambda held: tuple(held.message(1).numbers(3)),
    2: lambda held: held.message(2).content().decode(errors="replace"),
    3: lambda held: held.number(3),
    4: lambda held: next(held.floats(4)),
    5: lambda held: bool(held.number(5)),
    6: lambda held: read_dtype(held.number(6)),
    7: lambda held: read_shape(held.message(7)),
    8: lambda held: read_tensor(held.message(8)),
    10: lambda held: held.message(10).message(1).text(),
}


def read_node(node: Message) -> Node:
    """A NodeDef. Its inputs are called as they are in the file, without those that only order it; it has no outputs."""
    name, kind, takes = "", "", []
    for number, value in node.fields():
        if isinstance(value, int) or number == _ATTRIBUTE:
            continue
        if number == _NAME:
            name = value.text()
        elif number == _KIND:
            kind = value.text()
        elif number == _INPUT:
            takes.append(value.text())
    inputs = tuple(each for each in takes if not each.startswith("^"))
    return Node(kind, name, inputs, (), partial(_read_attributes, node))


def _read_attributes(node: Message) -> Mapping[str, Any]:
    return {each.message(1).text(): _read_attribute(each.message(2)) for each in node.messages(_ATTRIBUTE)}


def _read_attribute(held: Message) -> Any:
    number = next((number for number, _ in held.fields()), 0)
    return _READERS[number](held) if number in _READERS else None
