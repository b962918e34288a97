"""The base in Keras: for writing brains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import TensorSpec
from runner_train.base import read_weights
from runner_train.runtime import keras

BLOCKS = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))  # of each stage: how many, and its stride
LAST = {4: "s8", 10: "s16", 15: "s32"}  # the blocks that a head reads
Weights = Mapping[str, NDArray[np.float32]]


def build_front(size: tuple[int, int]) -> Any:
    """A Keras model from 1 x H x W x 3 float pixels, 0 to 255, to the taps of a (width, height) picture."""
    layers = keras.layers
    pixels = layers.Input((size[1], size[0], 3), name="pixels", dtype="float32")
    x = layers.Rescaling(1 / 128, -127 / 128, name="scaled")(pixels)
    x = _convolve(x, "stem", 32, 3, stride=2)
    outputs = _build_blocks(x, 32)
    model = keras.Model(pixels, outputs, name="front")
    _load(model, read_weights())
    return model


def _build_blocks(x: Any, channels: int) -> dict[str, Any]:
    """All blocks behind a stem of so many channels; the taps among them."""
    widths, kernels = (16, 24, 40, 80, 112, 192, 320), (3, 3, 5, 3, 5, 5, 3)
    found, number = {}, 0
    for (count, stride), width, kernel in zip(BLOCKS, widths, kernels, strict=True):
        for index in range(count):
            y = _build_block(x, channels, width, kernel, number, stride if index == 0 else 1)
            x = keras.layers.Add(name=f"b{number}_sum")([x, y]) if index else y
            channels = width
            if number in LAST:
                found[LAST[number]] = x
            number += 1
    return found


def _build_block(x: Any, channels: int, width: int, kernel: int, number: int, stride: int) -> Any:
    if number:
        x = _convolve(x, f"b{number}_expand", 6 * channels, 1)
    x = _convolve(x, f"b{number}_depth", None, kernel, stride=stride)
    return _convolve(x, f"b{number}_project", width, 1, cut=False)


def _convolve(x: Any, name: str, channels: int | None, kernel: int, *, stride: int = 1, cut: bool = True) -> Any:
    """A convolution, of each channel alone where ``channels`` is None."""
    layers = keras.layers
    if channels is None:
        x = layers.DepthwiseConv2D(kernel, stride, "same", name=name)(x)
    else:
        x = layers.Conv2D(channels, kernel, stride, "same", name=name)(x)
    return layers.ReLU(6.0, name=f"{name}_cut")(x) if cut else x


def _load(model: Any, weights: Weights) -> None:
    for layer in model.layers:
        name = layer.name.replace("_", "/")
        if f"{name}/kernel" in weights:
            kernel = (
                weights[f"{name}/kernel"].transpose(2, 3, 0, 1)
                if "depth" in name
                else weights[f"{name}/kernel"].transpose(2, 3, 1, 0)
            )
            layer.set_weights([kernel, weights[f"{name}/bias"]])


class KerasFront:
    """The base as a session, for machines without another engine that opens it."""

    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    concurrent = True
    metadata: Mapping[str, str] = {}

    def __init__(self) -> None:
        self._models: dict[tuple[int, int], Any] = {}

    def run(self, feeds: Mapping[str, NDArray[Any]], fetches: Any) -> dict[str, NDArray[np.float32]]:
        pixels = feeds["pixels"]
        size = (pixels.shape[2], pixels.shape[1])
        if size not in self._models:
            self._models[size] = build_front(size)
        found = self._models[size](pixels.astype(np.float32), training=False)
        return {tap: found[tap].numpy() for tap in fetches}

    def close(self) -> None:
        self._models.clear()
