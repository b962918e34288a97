"""The head of a detector: from features of three depths to scores and distances in each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from runner_train.base import CHANNELS, Scale
from runner_train.runtime import keras

RARE = -4.0  # the logit of a cell before training: few cells are the middle of an object
USUAL = 0.54  # softplus of it is 1


@attrs.frozen
class HeadPlan:
    """``stride``  of its cells: 8 or 16.
    ``classes``   how many; ``width`` its channels.
    ``reach``     usual distances from a cell to the sides of its object, x and y, as shares of the picture.
    """

    stride: int
    classes: int
    width: int = 64
    reach: tuple[float, float] = (0.15, 0.15)
    dropout: float = 0.1


def build_head(plan: HeadPlan, size: tuple[int, int], scales: Mapping[str, Scale]) -> Any:
    """A Keras model of taps s8, s16, s32 of a (width, height) picture: ``logits`` and ``distances`` by cell.

    The deeper features are added to the shallower ones, where the cells are as fine as ``stride``.
    """
    layers = keras.layers
    inputs, x = build_pyramid(plan, size, scales)
    logits = answer_cells(x, plan.classes, RARE, "logits")
    raw = answer_cells(x, 4, USUAL, "raw")
    far = layers.Rescaling([plan.reach[0], plan.reach[1]] * 2, name="distances")(
        layers.Activation("softplus", name="far")(raw)
    )
    cells = (size[0] // plan.stride) * (size[1] // plan.stride)
    outputs = {
        "logits": layers.Reshape((cells, plan.classes), name="cell_logits")(logits),
        "distances": layers.Reshape((cells, 4), name="cell_distances")(far),
    }
    return keras.Model(inputs, outputs, name="head")


def build_pyramid(plan: HeadPlan, size: tuple[int, int], scales: Mapping[str, Scale]) -> tuple[dict[str, Any], Any]:
    """Inputs by tap, and the channels of each cell, of which the features of all depths are a part."""
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


def standardise(x: Any, scale: Scale, tap: str) -> Any:
    factor = 1 / scale.deviation
    return keras.layers.Rescaling(factor.tolist(), (-scale.mean * factor).tolist(), name=f"{tap}_scaled")(x)


def answer_cells(x: Any, channels: int, start: float, name: str) -> Any:
    """Nearly ``start`` everywhere before training."""
    bias, kernel = keras.initializers.Constant(start), keras.initializers.RandomNormal(stddev=0.01)
    return keras.layers.Conv2D(channels, 1, bias_initializer=bias, kernel_initializer=kernel, name=name)(x)


def _refine(x: Any, width: int, name: str) -> Any:
    """A residual 3 x 3 convolution."""
    layers = keras.layers
    y = layers.Conv2D(width, 3, padding="same", kernel_initializer="he_normal", name=f"{name}_conv")(x)
    return layers.Add(name=f"{name}_sum")([x, layers.ReLU(name=f"{name}_relu")(y)])
