"""FirstConvolution: the weights that meet the picture, seen from the input of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.clues.constants import Constants
from runner_core.clues.front import MOST_CHANNELS, Front, follow_picture
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
# The same of kernels that take each channel by itself: height x width x (one) x channels out.
_ORDERS_EACH: Mapping[str, tuple[int, ...]] = {
    "Conv": (2, 3, 1, 0),
    "GroupConvolution": (3, 4, 2, 0, 1),
    "DEPTHWISE_CONV_2D": (1, 2, 0, 3),
    "DepthwiseConv2dNative": (0, 1, 2, 3),
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
    if entry is None:
        return None
    channels = len(entry.pixel.weights)
    kernel = _read_kernel(entry.node, front.constants, channels)
    if kernel is None:
        return None
    bias = kernel.sum((0, 1)).T @ entry.pixel.shifts + _read_bias(entry.node, front.constants, kernel.shape[3])
    return FirstConvolution(entry.node, np.einsum("hwco,cs->hwso", kernel, entry.pixel.weights), bias)


def join_pointwise(graph: Graph, convolution: FirstConvolution, constants: Constants) -> FirstConvolution | None:
    """With the convolution of 1 x 1 that follows folded in: both halves of a separable one. None where none follows."""
    users = graph.users.get(convolution.node.outputs[0], ())
    mixes = len(users) == 1 and name_operation(users[0].kind) == "convolve"
    if not mixes or has_activation(convolution.node):
        return None
    kernel = _read_kernel(users[0], constants, len(convolution.bias))
    if kernel is None or kernel.shape[:2] != (1, 1):
        return None
    weights = kernel[0, 0]
    bias = convolution.bias @ weights + _read_bias(users[0], constants, kernel.shape[3])
    return FirstConvolution(users[0], convolution.kernel @ weights, bias)


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


def takes_each_channel(node: Node) -> bool:
    """Whether a convolution gives each channel by itself, mixed with no other."""
    return name_operation(node.kind) == "convolve each" or node.attributes.get("group", 1) != 1


def _read_kernel(node: Node, constants: Constants, channels: int) -> Values | None:
    """Height x width x ``channels`` x channels out; None where it cannot be read, or takes other channels."""
    each = takes_each_channel(node)
    order = (_ORDERS_EACH if each else _ORDERS).get(node.kind)
    kernel = constants.find(node.inputs[1]) if len(node.inputs) > 1 else None
    if order is None or kernel is None or kernel.ndim != len(order):
        return None
    kernel = kernel.transpose(order).astype(np.float64)
    high, wide = kernel.shape[:2]
    if each:  # the others count for nothing
        kernel = np.einsum("hwcm,cd->hwdcm", kernel.reshape(high, wide, channels, -1), np.eye(channels))
        kernel = kernel.reshape(high, wide, channels, -1)
    return kernel if max(high, wide) <= _LARGEST_SIDE and kernel.shape[2] == channels else None


def _read_bias(node: Node, constants: Constants, count: int) -> Values:
    """For each of ``count`` channels out; zeros where the node has none."""
    own = constants.find(node.inputs[2]) if len(node.inputs) > 2 else None
    return own.ravel() if own is not None and own.size == count else np.zeros(count)
