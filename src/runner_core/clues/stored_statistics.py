"""Statistics: the moving mean and variance that a batch normalisation behind the first convolution has stored."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.clues.constants import Constants
from runner_core.clues.first_convolution import has_activation
from runner_core.clues.operations import name_operation
from runner_core.graphs import Graph, Node

Values = NDArray[Any]
_NEAR = 4  # nodes behind the convolution
_ON_THE_WAY = frozenset({"add", "keep", "transpose"})
_DEEP = 4  # operations between a moving mean and the addition that uses it


@attrs.frozen(eq=False)
class Statistics:
    """Of each channel of the convolution."""

    mean: Values
    variance: Values


def find_statistics(graph: Graph, convolution: Node, constants: Constants) -> Statistics | None:
    """Those of a batch normalisation that follows at once, as one node or as the parts that Keras makes of it."""
    if has_activation(convolution):
        return None
    users = graph.users.get(convolution.outputs[0], ())
    for _ in range(_NEAR):
        node = users[0] if len(users) == 1 else None
        if node is None:
            return None
        word = name_operation(node.kind)
        if word == "batchnorm":
            return _make(*(constants.find(name) for name in node.inputs[3:5]))
        if word == "multiply":
            return _read_parts(graph, node, constants)
        if word not in _ON_THE_WAY:
            return None
        users = graph.users.get(node.outputs[0], ())
    return None


def _read_parts(graph: Graph, product: Node, constants: Constants) -> Statistics | None:
    """TensorFlow: x * gain + (beta - mean * gain), where gain = gamma / sqrt(variance + epsilon)."""
    gain = next((name for name in product.inputs if constants.find(name) is not None), "")
    total = next(iter(graph.users.get(product.outputs[0], ())), None)
    root = _find_before(graph, gain, "inverse root")
    if root is None or total is None:
        return None
    offset = next((name for name in total.inputs if name not in product.outputs), "")
    scaled = _find_before(graph, offset, "multiply")
    if scaled is None:
        return None
    under_root = [constants.find(name) for name in _list_terms(graph, root.inputs[0])]
    means = [constants.find(name) for name in scaled.inputs if not _is_same(constants, name, gain)]
    mean = means[0] if len(means) == 1 else None
    return _make(mean, next((each for each in under_root if each is not None and each.size > 1), None))


def _find_before(graph: Graph, name: str, word: str) -> Node | None:
    """The nearest operation of that kind that a tensor depends on."""
    names = [name]
    for _ in range(_DEEP):
        makers = [maker for maker in map(graph.makers.get, names) if maker is not None]
        found = next((maker for maker in makers if name_operation(maker.kind) == word), None)
        if found is not None:
            return found
        names = [name for maker in makers for name in maker.inputs]
    return None


def _is_same(constants: Constants, one: str, other: str) -> bool:
    values, others = constants.find(one), constants.find(other)
    return values is not None and others is not None and np.array_equal(values, others)


def _list_terms(graph: Graph, name: str) -> tuple[str, ...]:
    """What is added up to a tensor; the tensor itself where it is no sum."""
    maker = graph.makers.get(name)
    return maker.inputs if maker is not None and name_operation(maker.kind) == "add" else (name,)


def _make(mean: Values | None, variance: Values | None) -> Statistics | None:
    if mean is None or variance is None or not 1 < mean.size == variance.size:
        return None
    return Statistics(mean.ravel(), variance.ravel())
