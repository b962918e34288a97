"""The values of tensors that depend on no input: constants of a graph, and what it computes from them alone."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.clues.operations import name_operation
from runner_core.graphs import Graph, Node

Values = NDArray[Any]
_LARGEST = 1 << 22  # numbers of a tensor; the weights of a first convolution have some thousand
_DEEPEST = 16  # operations one after the other
_COMPUTED: dict[str, Callable[..., Values]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "negate": np.negative,
    "square root": np.sqrt,
    "inverse root": lambda values: 1 / np.sqrt(values),
}


class Constants:
    """Those of one graph, computed when they are asked for."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, Values | None] = {}

    def find(self, name: str) -> Values | None:
        """The real values of a tensor, as float64 or whole numbers; None where it depends on an input."""
        return self._find(name, _DEEPEST)

    def _find(self, name: str, depth: int) -> Values | None:
        if name not in self._known:
            self._known[name] = None  # a circle, in a damaged graph, ends here
            self._known[name] = self._compute(name, depth)
        return self._known[name]

    def _compute(self, name: str, depth: int) -> Values | None:
        constant = self._graph.constants.get(name)
        if constant is not None:
            return _read(constant.read()) if constant.size <= _LARGEST else None
        maker = self._graph.makers.get(name)
        if maker is None or depth == 0 or not maker.inputs:
            return None
        given = [self._find(each, depth - 1) for each in maker.inputs]
        if given[0] is None:
            return None
        return _apply(maker, [each for each in given if each is not None])


def _read(values: Values | None) -> Values | None:
    if values is None or values.dtype.kind not in "biuf":
        return None
    return values.astype(np.float64) if values.dtype.kind == "f" else values


def _apply(node: Node, given: list[Values]) -> Values | None:
    """What a node makes of constants; None for an operation that is not understood."""
    word = name_operation(node.kind)
    compute = _COMPUTED.get(word)
    try:
        with np.errstate(all="ignore"):
            if compute is not None:
                size = prod(np.broadcast_shapes(*(each.shape for each in given)))
                return compute(*given) if size <= _LARGEST else None
            if node.kind == "DequantizeLinear":
                return _dequantise(node, *given)
            if word in ("keep", "reshape"):  # a shape that has only lengths of 1 more or less broadcasts as well
                return given[0]
            return given[0].transpose(read_order(node, given)) if word == "transpose" else None
    except (TypeError, ValueError):
        return None


def _dequantise(node: Node, stored: Values, scale: Values, zero: Values | None = None) -> Values:
    """ONNX: (stored - zero) * scale, along ``axis`` where there are several scales."""
    shape = [1] * stored.ndim
    if scale.size > 1:
        shape[node.attributes.get("axis", 1)] = scale.size
    moved = stored - (0 if zero is None else zero.astype(np.int64).reshape(shape))
    return np.asarray(moved * scale.reshape(shape))


def read_order(node: Node, given: list[Values]) -> tuple[int, ...]:
    """The order of axes of a transposition: an attribute in ONNX and Keras, else its second input."""
    told = node.attributes.get("perm", given[1].tolist() if len(given) > 1 else None)
    return tuple(int(axis) for axis in told) if told is not None else ()


def find_median(values: Values) -> float:
    """As ``np.median`` of all values, which imports ``numpy.ma``; NaN of none."""
    line = np.sort(values, axis=None)
    return float((line[(len(line) - 1) // 2] + line[len(line) // 2]) / 2) if len(line) else float("nan")
