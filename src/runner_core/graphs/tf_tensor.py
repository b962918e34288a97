"""TensorFlow's tensors and types in protobuf. Source: tensorflow/core/framework/{tensor,tensor_shape,types}.proto."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.graphs.constant import Constant, view_bytes
from runner_core.graphs.wire import Message

_DTYPE, _SHAPE, _CONTENT = 1, 2, 4
_FLOATS, _DOUBLES, _INTS, _LONGS, _BOOLS, _HALVES = 5, 6, 7, 10, 11, 13
_DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 9: "int64", 10: "bool",
    14: "bfloat16", 17: "uint16", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
_WHOLE = {"int64": _LONGS, "bool": _BOOLS, "float16": _HALVES, "bfloat16": _HALVES}  # others: _INTS
_REFERENCE = 100  # a reference to a tensor of type n has type n + 100


def read_dtype(number: int) -> str:
    """Numpy's name; "" for a type that numpy lacks."""
    return _DTYPES.get(number % _REFERENCE, "")


def read_shape(shape: Message) -> tuple[int | None, ...] | None:
    """A TensorShapeProto: its sides, each with a size; None where the rank is unknown."""
    if shape.number(3):
        return None
    sizes = (side.number(1) for side in shape.messages(2))
    return tuple(None if size < 0 else size for size in sizes)


def read_tensor(tensor: Message) -> Constant:
    """A TensorProto. Its values are bytes, or numbers, of which the last is meant to be repeated."""
    dtype = read_dtype(tensor.number(_DTYPE))
    shape = tuple(side or 0 for side in read_shape(tensor.message(_SHAPE)) or ())
    return Constant(shape, dtype, partial(_load, tensor, dtype))


def _load(tensor: Message, dtype: str) -> NDArray[Any]:
    content = tensor.message(_CONTENT)
    if len(content):
        return view_bytes(content.data, content.start, content.end, dtype)
    if dtype in ("float32", "float64"):
        field = tensor.message(_FLOATS if dtype == "float32" else _DOUBLES)
        return view_bytes(field.data, field.start, field.end, dtype)
    numbers = list(tensor.numbers(_WHOLE.get(dtype, _INTS)))
    if dtype == "float16":  # as the numbers that their bits spell
        return np.asarray(numbers, np.uint16).view(np.float16)
    return np.asarray(numbers, np.dtype(dtype))
