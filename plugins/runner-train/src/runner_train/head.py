"""The head of a detector: from features of three depths to what each cell says of scores and distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from runner_train.base import CHANNELS, Scale
from runner_train.runtime import keras

RARE = -4.0  # the logit of a cell before training: few cells are the middle of an object
USUAL = 0.54  # softplus of it is 1: see voting.measure_distances


@attrs.frozen
class HeadPlan:
    """``stride``  of its cells: 8 or 16.
    ``classes``   how many; ``width`` its channels.
    """

    stride: int
    classes: int
    width: int = 64
    dropout: float = 0.1


def build_head(plan: HeadPlan, size: tuple[int, int], scales: Mapping[str, Scale | None]) -> Any:
    """A Keras model of taps s8, s16, s32 of a (width, height) picture: ``logits`` and ``far`` by cell.

    The deeper features are added to the shallower ones, where the cells are as fine as ``stride``.
    """
    layers = keras.layers
    inputs, x = build_pyramid(plan, size, scales)
    logits = answer_cells(x, plan.classes, RARE, "logits")
    far = answer_cells(x, 4, USUAL, "far")
    cells = (size[0] // plan.stride) * (size[1] // plan.stride)
    outputs = {
        "logits": layers.Reshape((cells, plan.classes), name="cell_logits")(logits),
        "far": layers.Reshape((cells, 4), name="cell_far")(far),
    }
    return keras.Model(inputs, outputs, name="head")


def build_pyramid(
    plan: HeadPlan, size: tuple[int, int], scales: Mapping[str, Scale | None]
) -> tuple[dict[str, Any], Any]:
    """Inputs by tap, and the channels of each cell, of which the features of all depths are a part.

    Taps without a scale are taken as they are.
    """
    layers = keras.layers
    inputs = {tap: _input(tap, size) for tap in scales}
    x = None
    for tap in ("s32", "s16", "s8"):
        if tap not in inputs:
            continue
        side = standardise(inputs[tap], scales[tap], tap)
        side = layers.Conv2D(plan.width, 1, name=f"{tap}_side")(side)
        if x is not None:
            side = layers.Add(name=f"{tap}_sum")(
                [side, layers.UpSampling2D(2, interpolation="bilinear", name=f"{tap}_up")(x)]
            )
        x = layers.ReLU(name=f"{tap}_level")(side)
        if tap == "s16":
            x = _refine(x, plan.width, "s16a")
        if tap == f"s{plan.stride}":
            break
    x = layers.SpatialDropout2D(plan.dropout, name="dropout")(x)
    x = _refine(x, plan.width, "last_a")
    x = _refine(x, plan.width, "last_b")
    return inputs, x


def taps_of(stride: int) -> Sequence[str]:
    return ("s8", "s16", "s32") if stride == 8 else ("s16", "s32")


def _input(tap: str, size: tuple[int, int]) -> Any:
    stride = int(tap[1:])
    return keras.layers.Input((size[1] // stride, size[0] // stride, CHANNELS[tap]), name=tap, dtype="float32")


def fold_scales(head: Any, plain: Any, scales: Mapping[str, Scale]) -> Any:
    """``plain``, the same network built without scales, with weights that make it answer as ``head`` does."""
    sides = {f"{tap}_side": scale for tap, scale in scales.items()}
    for layer in plain.layers:
        weights = head.get_layer(layer.name).get_weights()
        if layer.name in sides:
            kernel, bias = weights
            mean, factor = sides[layer.name].mean, 1 / sides[layer.name].deviation
            weights = [kernel * factor[:, None], bias - (mean * factor) @ kernel[0, 0]]
        if weights:
            layer.set_weights(weights)
    return plain


def standardise(x: Any, scale: Scale | None, tap: str) -> Any:
    if scale is None:
        return x
    factor = 1 / scale.deviation
    return keras.layers.Rescaling(factor.tolist(), (-scale.mean * factor).tolist(), name=f"{tap}_scaled")(x)


def answer_cells(x: Any, channels: int, start: float, name: str) -> Any:
    """Nearly ``start`` everywhere before training."""
    bias, kernel = keras.initializers.Constant(start), keras.initializers.RandomNormal(stddev=0.01)
    return keras.layers.Conv2D(channels, 1, bias_initializer=bias, kernel_initializer=kernel, name=name)(x)


def _refine(x: Any, width: int, name: str) -> Any:
    """A residual 3 x 3 convolution of half as many channels: a quarter of the work, and less to overfit with."""
    layers = keras.layers
    start = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"}
    y = layers.Conv2D(width // 2, 1, name=f"{name}_in", **start)(x)
    y = layers.Conv2D(width // 2, 3, name=f"{name}_conv", **start)(y)
    y = layers.Conv2D(width, 1, name=f"{name}_out")(y)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_sum")([x, y]))
