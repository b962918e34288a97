"""TensorFlow Lite files, read without TensorFlow. Source: tensorflow/lite/schema/schema.fbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from runner_core.graphs.constant import Constant, view_bytes
from runner_core.graphs.flat_table import FlatTable
from runner_core.graphs.graph import Graph, collect_nodes
from runner_core.graphs.mapped_file import map_file
from runner_core.graphs.node import Node
from runner_core.graphs.tflite_operators import OPERATORS
from runner_core.graphs.value import Value

_MARK = b"TFL3"
# Fields of Model, SubGraph, Tensor, QuantizationParameters, Buffer, Operator and OperatorCode.
_OPERATOR_CODES, _SUBGRAPHS, _DESCRIPTION, _BUFFERS = 1, 2, 3, 4
_TENSORS, _INPUTS, _OUTPUTS, _OPERATORS = 0, 1, 2, 3
_SHAPE, _TYPE, _BUFFER, _NAME, _QUANTISATION, _SPARSITY, _FREE_SHAPE = 0, 1, 2, 3, 4, 6, 7
_SCALE, _ZERO, _AXIS = 2, 3, 6
_DATA, _DATA_START, _DATA_SIZE = 0, 1, 2
_CODE, _TAKES, _GIVES, _OPTIONS_KIND, _OPTIONS = 0, 1, 2, 3, 4
_OLD_CODE, _CUSTOM_CODE, _NEW_CODE = 0, 1, 3
_CUSTOM = 32
_DTYPES = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 5: "string", 6: "bool", 7: "int16", 9: "int8",
    10: "float64", 12: "uint64", 15: "uint32", 16: "uint16", 18: "bfloat16",
}  # fmt: skip
# Those of the union BuiltinOptions that say how values move: names of their fields, in order.
_SETTINGS: dict[int, tuple[str, ...]] = {
    1: ("padding", "stride_w", "stride_h", "activation", "dilation_w", "dilation_h"),  # Conv2DOptions
    2: ("padding", "stride_w", "stride_h", "multiplier", "activation"),  # DepthwiseConv2DOptions
    10: ("axis", "activation"),  # ConcatenationOptions
    11: ("activation",), 21: ("activation",), 28: ("activation",), 29: ("activation",),  # Add, Mul, Sub, Div
    23: ("axis",),  # GatherOptions
    32: ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"),  # StridedSliceOptions
    59: ("values_count", "axis"), 64: ("num", "axis"),  # PackOptions, UnpackOptions
}  # fmt: skip
_BYTES = frozenset({"padding", "activation"})  # enums of one byte; other numbers have four
_ONE = frozenset({"dilation_w", "dilation_h"})  # what a missing one reads as; else 0


def read_tflite(path: Path) -> Graph:
    """Raises ValueError for a file that is no TensorFlow Lite model, OSError.

    Of several subgraphs the first is the model; the others are bodies of its loops and branches, and left out.
    """
    data = map_file(path)
    if data[4:8] != _MARK:
        raise ValueError(f"{path}: no mark {_MARK!r}")
    model = FlatTable.root(data)
    subgraph = next(model.tables(_SUBGRAPHS), None)
    if subgraph is None:
        raise ValueError(f"{path}: a model has a subgraph")
    buffers = list(model.tables(_BUFFERS))
    tensors = _Tensors.of(subgraph)
    kinds = [_read_kind(code) for code in model.tables(_OPERATOR_CODES)]
    nodes = collect_nodes(_read_node(operator, kinds, tensors) for operator in subgraph.tables(_OPERATORS))
    constants = {
        name: _read_constant(tensor, buffer)
        for name, tensor in zip(tensors.names, tensors.tables, strict=True)
        if (buffer := _find_buffer(tensor, buffers)) is not None
    }
    inputs, outputs = (tuple(map(tensors.read_value, subgraph.numbers(side, "i"))) for side in (_INPUTS, _OUTPUTS))
    return Graph(".tflite", model.text(_DESCRIPTION), nodes, constants, inputs, outputs)


@attrs.frozen(eq=False)
class _Tensors:
    """The tensors of a subgraph, and a name for each that no other has: in the file, names may be missing or twice."""

    tables: Sequence[FlatTable]
    names: Sequence[str]

    @classmethod
    def of(cls, subgraph: FlatTable) -> _Tensors:
        tables, names = list(subgraph.tables(_TENSORS)), dict[str, None]()
        for index, tensor in enumerate(tables):
            name = tensor.text(_NAME)
            names[name if name and name not in names else f"{name}#{index}"] = None
        if len(names) != len(tables):
            raise ValueError("two tensors of one name")
        return cls(tables, tuple(names))

    def read_value(self, index: int) -> Value:
        tensor = self.tables[_in_range(index, self.tables)]
        fixed = tensor.numbers(_SHAPE, "i")
        free = tensor.numbers(_FREE_SHAPE, "i") or fixed
        scale, zero, _ = _read_quantisation(tensor)
        return Value(
            self.names[index],
            tuple(None if side < 0 else side for side in free),
            _DTYPES.get(tensor.number(_TYPE, "b"), ""),
            scale[0] if len(scale) == 1 else None,
            zero[0] if len(scale) == 1 == len(zero) else 0,
        )


def _in_range(index: int, items: Sequence[Any]) -> int:
    """The index. Raises ValueError for one that counts from the end, or behind it."""
    if not 0 <= index < len(items):
        raise ValueError(f"{index} of {len(items)}")
    return index


def _read_kind(code: FlatTable) -> str:
    """The operator's name. Codes beyond a byte are in a newer field, the others in both or in the older one."""
    number = max(code.number(_OLD_CODE, "b"), code.number(_NEW_CODE, "i"))
    if number == _CUSTOM:
        return code.text(_CUSTOM_CODE)
    return OPERATORS[number] if 0 <= number < len(OPERATORS) else f"operator {number}"


def _read_node(operator: FlatTable, kinds: Sequence[str], tensors: _Tensors) -> Node:
    kind = kinds[_in_range(operator.number(_CODE, "I"), kinds)]
    takes, gives = (
        tuple("" if index == -1 else tensors.names[_in_range(index, tensors.names)] for index in indices)
        for indices in (operator.numbers(_TAKES, "i"), operator.numbers(_GIVES, "i"))
    )
    return Node(kind, "", takes, gives, partial(_read_settings, operator, tensors))


def _read_settings(operator: FlatTable, tensors: _Tensors) -> Mapping[str, Any]:
    """Its options, and the ``scale``, ``zero`` and ``dtype`` of what it gives if that is quantised."""
    names = _SETTINGS.get(operator.number(_OPTIONS_KIND, "B"), ())
    options = operator.table(_OPTIONS)
    settings: dict[str, Any] = {
        name: options.number(field, "b" if name in _BYTES else "i", int(name in _ONE))
        for field, name in enumerate(names)
    }
    gives = operator.numbers(_GIVES, "i")
    value = tensors.read_value(gives[0]) if gives else None
    if value is not None and value.scale is not None:
        settings |= {"scale": value.scale, "zero": value.zero, "dtype": value.dtype}
    return settings


def _read_quantisation(tensor: FlatTable) -> tuple[tuple[float, ...], tuple[int, ...], int]:
    """(scale, zero, axis), as in Constant."""
    said = tensor.table(_QUANTISATION)
    return said.floats(_SCALE), said.numbers(_ZERO, "q"), said.number(_AXIS, "i")


def _find_buffer(tensor: FlatTable, buffers: Sequence[FlatTable]) -> FlatTable | None:
    """The buffer that holds the tensor's values; None where there are none. The first one is always empty."""
    buffer = buffers[_in_range(tensor.number(_BUFFER, "I"), buffers)]
    start, end = buffer.span(_DATA)
    return buffer if end > start or buffer.number(_DATA_SIZE, "Q") > 1 else None


def _read_constant(tensor: FlatTable, buffer: FlatTable) -> Constant:
    dense = not tensor.table(_SPARSITY).numbers(0, "i")
    dtype = _DTYPES.get(tensor.number(_TYPE, "b"), "") if dense else ""
    scale, zero, axis = _read_quantisation(tensor)
    return Constant(tensor.numbers(_SHAPE, "i"), dtype, partial(_load, buffer, dtype), scale, zero, axis)


def _load(buffer: FlatTable, dtype: str) -> Any:
    """In the buffer; in files over 2 GB behind the flatbuffer. Raises ValueError."""
    start, end = buffer.span(_DATA)
    if end == start:
        start = buffer.number(_DATA_START, "Q")
        end = start + buffer.number(_DATA_SIZE, "Q")
    return view_bytes(buffer.data, start, end, dtype)
