"""ONNX files, read without onnx. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.graphs.constant import Constant, view_bytes
from runner_core.graphs.graph import Graph, collect_nodes
from runner_core.graphs.mapped_file import map_file
from runner_core.graphs.node import Node
from runner_core.graphs.value import Value
from runner_core.graphs.wire import Message

# Fields of ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto and what these hold.
_PRODUCER, _PRODUCER_VERSION, _GRAPH, _PROPERTIES = 2, 3, 7, 14
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_TAKES, _GIVES, _NODE_NAME, _KIND, _ATTRIBUTE = 1, 2, 3, 4, 5
_KEY, _FLOAT, _INT, _TEXT, _TENSOR, _FLOATS, _INTS, _TEXTS = 1, 2, 3, 4, 5, 7, 8, 9
_DIMS, _DTYPE, _FLOAT_DATA, _INT32_DATA, _INT64_DATA = 1, 2, 4, 5, 7
_TENSOR_NAME, _RAW, _DOUBLE_DATA, _UINT64_DATA, _EXTERNAL, _WHERE = 8, 9, 10, 11, 13, 14
_BESIDE = 1  # DataLocation.EXTERNAL
_DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}  # fmt: skip
# The field of numbers of each dtype, where it is not int32_data.
_FLOATING = {"float32": _FLOAT_DATA, "float64": _DOUBLE_DATA}
_WHOLE = {"int64": _INT64_DATA, "uint32": _UINT64_DATA, "uint64": _UINT64_DATA}


def read_onnx(path: Path) -> Graph:
    """Raises ValueError for a file that is no ONNX model, OSError."""
    model = Message(map_file(path))
    graph = model.message(_GRAPH)
    nodes = collect_nodes(map(_read_node, graph.messages(_NODE)))
    if not nodes:
        raise ValueError(f"{path}: an ONNX model has nodes")
    constants = {name: constant for name, constant in _read_initializers(graph, path.parent) if name}
    constants |= {node.outputs[0]: found for node in nodes for found in _read_constant_node(node, path.parent)}
    inputs = tuple(value for value in map(_read_value, graph.messages(_INPUT)) if value.name not in constants)
    outputs = tuple(map(_read_value, graph.messages(_OUTPUT)))
    producer = " ".join(filter(None, (model.message(field).text() for field in (_PRODUCER, _PRODUCER_VERSION))))
    metadata = {each.message(1).text(): each.message(2).text() for each in model.messages(_PROPERTIES)}
    return Graph(".onnx", producer, nodes, constants, inputs, outputs, metadata)


def _read_node(node: Message) -> Node:
    takes, gives, name, kind = [], [], "", ""
    for number, value in node.fields():
        if number == _ATTRIBUTE or isinstance(value, int):
            continue
        if number == _TAKES:
            takes.append(value.text())
        elif number == _GIVES:
            gives.append(value.text())
        elif number == _NODE_NAME:
            name = value.text()
        elif number == _KIND:
            kind = value.text()
    return Node(kind, name, tuple(takes), tuple(gives), partial(_read_attributes, node))


def _read_attributes(node: Message) -> Mapping[str, Any]:
    return {each.message(_KEY).text(): _read_attribute(each) for each in node.messages(_ATTRIBUTE)}


def _read_attribute(attribute: Message) -> Any:
    """A number, a text, a tuple of them, or the range of a tensor; None for anything else, such as a graph."""
    for number, value in attribute.fields():
        if number == _INT:
            return attribute.number(_INT)
        if number in (_FLOATS, _INTS, _TEXTS):
            return tuple({_FLOATS: attribute.floats, _INTS: attribute.numbers, _TEXTS: attribute.texts}[number](number))
        if isinstance(value, Message) and number in (_FLOAT, _TEXT, _TENSOR):
            return next(attribute.floats(_FLOAT)) if number == _FLOAT else value if number == _TENSOR else value.text()
    return None


def _read_constant_node(node: Node, folder: Path) -> Iterator[Constant]:
    """What a ``Constant`` node holds, as a tensor or as numbers."""
    if node.kind != "Constant" or not node.outputs:
        return
    for held in node.attributes.values():
        if isinstance(held, Message):
            yield _read_tensor(held, folder)
        elif isinstance(held, int | float | tuple):
            values = np.asarray(held)
            yield Constant(values.shape, values.dtype.name, values.ravel)


def _read_initializers(graph: Message, folder: Path) -> Iterator[tuple[str, Constant]]:
    for tensor in graph.messages(_INITIALIZER):
        yield tensor.message(_TENSOR_NAME).text(), _read_tensor(tensor, folder)


def _read_tensor(tensor: Message, folder: Path) -> Constant:
    shape = tuple(max(side, 0) for side in tensor.numbers(_DIMS))
    dtype = _DTYPES.get(tensor.number(_DTYPE), "")
    return Constant(shape, dtype, partial(_load, tensor, dtype, folder))


def _load(tensor: Message, dtype: str, folder: Path) -> NDArray[Any]:
    """Numbers lie in one of several fields, or in a file beside the model. Raises ValueError, OSError."""
    if tensor.number(_WHERE) == _BESIDE:
        return _load_beside(tensor, dtype, folder)
    raw = tensor.message(_RAW)
    if len(raw):
        return view_bytes(raw.data, raw.start, raw.end, dtype)
    if dtype in _FLOATING:
        packed = tensor.message(_FLOATING[dtype])
        return view_bytes(packed.data, packed.start, packed.end, dtype)
    numbers = list(tensor.numbers(_WHOLE.get(dtype, _INT32_DATA)))
    if dtype in ("float16", "bfloat16"):  # as the numbers that their bits spell
        bits = np.asarray(numbers, np.uint16)
        return view_bytes(bits.tobytes(), 0, bits.nbytes, dtype)
    return np.asarray(numbers, np.dtype(dtype))


def _load_beside(tensor: Message, dtype: str, folder: Path) -> NDArray[Any]:
    """From the file named by ``location``, which must lie in the model's folder, as ONNX has it."""
    says = {each.message(1).text(): each.message(2).text() for each in tensor.messages(_EXTERNAL)}
    place = (folder / says.get("location", "")).resolve()
    if folder.resolve() not in place.parents:
        raise ValueError(f"{place} is not in the folder of the model")
    data = map_file(place)
    start = int(says.get("offset", 0))
    return view_bytes(data, start, start + int(says.get("length", len(data) - start)), dtype)


def _read_value(value: Message) -> Value:
    """A ValueInfoProto: name and type; a type's tensor has an element type and a shape."""
    tensor = value.message(2).message(1)
    shape = tuple(_read_side(side) for side in tensor.message(2).messages(1)) if len(tensor.message(2)) else None
    return Value(value.message(1).text(), shape, _DTYPES.get(tensor.number(1), ""))


def _read_side(side: Message) -> int | None:
    """A length; None for a free one, which may have a name."""
    given = list(side.numbers(1))
    return given[-1] if given and given[-1] > 0 else None
