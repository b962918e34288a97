"""FirstConvolution: the weights that meet the picture, seen from the input of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.clues.constants import Constants
from runner_core.clues.front import MOST_CHANNELS, Entry, Front, follow_picture
from runner_core.clues.operations import name_operation
from runner_core.clues.pixel import Pixel
from runner_core.graphs import Graph, Node

Values = NDArray[Any]

# How kernels lie in memory, as the order of axes that makes them height x width x channels in x channels out.
_ORDERS: Mapping[str, tuple[int, ...]] = {
    "Conv": (2, 3, 1, 0),
    "Convolution": (2, 3, 1, 0),
    "CONV_2D": (1, 2, 3, 0),
    "Conv2D": (0, 1, 2, 3),
}
_LARGEST_SIDE = 16  # of a kernel; those of patches for transformers have 16
_CHANNELS_FIRST = frozenset({"Conv", "Convolution"})


@attrs.frozen(eq=False)
class FirstConvolution:
    """It takes a picture straight from the input: whatever scales and moves its values before is part of it.

    ``kernel``  height x width x channels of the input x channels out.
    ``bias``    for each channel out.
    """

    node: Node
    kernel: Values
    bias: Values


def find_first_convolution(front: Front) -> FirstConvolution | None:
    """None where the picture meets something else first, or the weights cannot be read."""
    entry = front.convolution
    kernel = _read_kernel(entry, front.constants) if entry else None
    if entry is None or kernel is None or kernel.shape[2] != len(entry.pixel.weights):
        return None
    bias = kernel.sum((0, 1)).T @ entry.pixel.shifts
    own = front.constants.find(entry.node.inputs[2]) if len(entry.node.inputs) > 2 else None
    bias = bias + own.ravel() if own is not None and own.size == bias.size else bias
    return FirstConvolution(entry.node, np.einsum("hwco,cs->hwso", kernel, entry.pixel.weights), bias)


def fold_next(graph: Graph, convolution: FirstConvolution, words: frozenset[str]) -> FirstConvolution:
    """With what follows folded in, as long as it does what one of these ``words`` says.

    Such as an addition of a bias, or a batch normalisation.
    """
    count, node = len(convolution.bias), convolution.node
    if has_activation(node) or count > MOST_CHANNELS:
        return convolution
    start = Pixel.of_input(count, -3 if node.kind in _CHANNELS_FIRST else -1, 4)
    pixel = start
    for follower, result in follow_picture(graph, node.outputs[0], start).passed:
        shared = len(graph.users[node.outputs[0]]) > 1  # an activation is made of it: x * relu6(x + 3)
        if shared or name_operation(follower.kind) not in words or result.weights.shape != (count, count):
            break
        pixel, node = result, follower
        if has_activation(node):
            break
    gain = np.diag(pixel.weights)
    return FirstConvolution(node, convolution.kernel * gain, convolution.bias * gain + pixel.shifts)


def has_activation(node: Node) -> bool:
    """Whether an activation is part of the node: a number in TensorFlow Lite, a name in Keras."""
    return node.attributes.get("activation") not in (None, 0, "linear")


def _read_kernel(entry: Entry, constants: Constants) -> Values | None:
    order = _ORDERS.get(entry.node.kind)
    kernel = constants.find(entry.node.inputs[1]) if len(entry.node.inputs) > 1 else None
    if order is None or kernel is None or kernel.ndim != 4:
        return None
    kernel = kernel.transpose(order).astype(np.float64)
    return kernel if max(kernel.shape[:2]) <= _LARGEST_SIDE else None
