"""Decoder: where in a graph an encoded picture becomes pixels, so that pixels can be fed behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runner_core.contracts import DecodedInput
from runner_tensorflow.runtime import tf
from runner_tensorflow.tensors import spec_of

_DECODERS = frozenset({"DecodeBmp", "DecodeGif", "DecodeImage", "DecodeJpeg", "DecodePng"})
# Ops that stretch a picture; the second of their inputs is the size.
_RESIZERS = frozenset({"ResizeArea", "ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor", "ScaleAndTranslate"})


def find_decoded_inputs(inputs: Iterable[Any], outputs: Iterable[Any]) -> dict[str, DecodedInput]:
    """For each string placeholder: the first tensor that holds its decoded picture and that no output bypasses."""
    ends = [tensor.op for tensor in outputs]
    found = {tensor.name: _find_decoded(tensor, ends) for tensor in inputs if tensor.dtype == tf.string}
    return {name: decoded for name, decoded in found.items() if decoded}


def _find_decoded(placeholder: Any, ends: list[Any]) -> DecodedInput | None:
    after = _list_downstream([placeholder])
    decoders = [op for op in after if op.type in _DECODERS]
    for op in after:
        for tensor in op.outputs:
            if decoders and _is_picture(tensor) and _separates(tensor, placeholder, ends):
                resize = find_resize(tensor, ends)
                return DecodedInput(spec_of(tensor.name, tensor), resize and resize[1])
    return None


def find_resize(picture: Any, ends: list[Any]) -> tuple[Any, tuple[int, int]] | None:
    """The op that stretches the picture to a fixed (width, height), and that size, if ``ends`` depend on it alone."""
    for op in _list_downstream([picture]):
        if op.type in _RESIZERS and _separates(op.outputs[0], picture, ends):
            size = tf.get_static_value(op.inputs[1])
            return None if size is None else (op, (int(size[1]), int(size[0])))
    return None


def _is_picture(tensor: Any) -> bool:
    """Whether it is uint8 with three channels, alone or in a batch, and not in a loop, where nothing can be fed."""
    shape = tensor.shape
    if tensor.dtype != tf.uint8 or shape.rank not in (3, 4) or shape[-1] not in (3, None):
        return False
    return not is_in_loop(tensor.op)


def is_in_loop(op: Any) -> bool:
    """Whether an op is run again in each turn of a loop of TensorFlow 1. A graph from a file has no contexts."""
    seen: set[Any] = set()
    left = [op]
    while left:
        before = left.pop()
        if before.type in ("Enter", "NextIteration"):
            return True
        if before not in seen and before.type != "Exit":
            seen.add(before)
            left += [tensor.op for tensor in before.inputs]
    return False


def _separates(tensor: Any, start: Any, ends: list[Any]) -> bool:
    """Whether every path from ``start`` to the outputs leads through ``tensor``."""
    return not any(op in ends for op in _list_downstream([start], without=tensor.op))


def _list_downstream(tensors: Iterable[Any], without: Any = None) -> list[Any]:
    """The ops that follow from tensors, in the graph's order; nothing is followed through the op ``without``."""
    found: dict[Any, None] = {}
    left = [op for tensor in tensors for op in tensor.consumers()]
    while left:
        op = left.pop()
        if op not in found and op is not without:
            found[op] = None
            left += [user for tensor in op.outputs for user in tensor.consumers()]
    return sorted(found, key=lambda op: op._id) if found else []
