"""One small network for each range and order of colours, as if it had been trained so."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from exported_models import import_keras
from numpy.typing import NDArray

from runner_core.clues.ranges import USUAL
from runner_core.frames import Normalization

SIDE = 64


@attrs.frozen
class Mutant:
    """``range`` and ``bgr`` are what the network is trained with; ``scales`` whether its graph makes them itself.

    ``separable``  whether its first convolution takes each channel by itself and then mixes them.
    """

    range: Normalization
    bgr: bool = False
    scales: bool = False
    separable: bool = False

    def __str__(self) -> str:
        how = f"{', scaled within' if self.scales else ''}{', separable' if self.separable else ''}"
        return f"{'bgr' if self.bgr else 'rgb'} {self.range.text}{how}"

    def build(self) -> Any:
        """A convolution, a batch normalisation with the statistics of pictures, and a classifier behind them."""
        keras = import_keras()
        layers = keras.layers
        kind = layers.SeparableConv2D if self.separable else layers.Conv2D
        convolution = kind(16, 3, strides=2, padding="same", use_bias=False)
        normalisation = layers.BatchNormalization()
        scaling = [self._make_scaling(layers)] if self.scales else []
        model = keras.Sequential(
            [
                keras.Input((SIDE, SIDE, 3)),
                *scaling,
                convolution,
                normalisation,
                layers.ReLU(),
                layers.GlobalAveragePooling2D(),
                layers.Dense(7, activation="softmax"),
            ]
        )
        self._train(convolution, normalisation)
        return model

    def _make_scaling(self, layers: Any) -> Any:
        mean, std = np.array(self.range.mean), np.array(self.range.std)
        return layers.Rescaling(scale=(1 / std).tolist(), offset=(-mean / std).tolist())

    def _train(self, convolution: Any, normalisation: Any) -> None:
        """Filters as networks learn them: edges, colours and brightness; gains and shifts as they come out."""
        random = np.random.default_rng(7)
        kernel = draw_filters(random, 16) * random.uniform(0.05, 0.3, 16)
        if self.separable:
            mixes = random.choice([-1, 1], 16) + 0.5 * random.normal(size=(1, 1, 3, 16))  # mostly of brightness
            convolution.set_weights([kernel[..., 1:2], mixes])
        else:
            convolution.set_weights([kernel])
        pictures = draw_pictures(random)[..., :: -1 if self.bgr else 1]
        fed = (pictures - np.array(self.range.mean)) / np.array(self.range.std)
        given = np.asarray(convolution(fed.astype(np.float32)))
        count = given.shape[-1]
        gamma, beta = np.exp(random.normal(-0.4, 0.5, count)), random.normal(0, 0.5, count)
        normalisation.set_weights([gamma, beta, given.mean((0, 1, 2)), given.var((0, 1, 2))])


def list_mutants() -> list[Mutant]:
    """Each usual range, for RGB and for BGR; the range is in the order of the channels."""
    return [Mutant(each.reversed() if bgr else each, bgr) for each in USUAL for bgr in (False, True)]


def draw_filters(random: np.random.Generator, count: int) -> NDArray[Any]:
    """3 x 3 x 3 x count: edges and spots, every other one of them of brightness, the others of colour."""
    places = np.linspace(-1, 1, 3)
    made = []
    for number in range(count):
        angle, colour = random.uniform(0, 2 * np.pi), random.normal(size=3)
        wave = np.cos(angle) * places[:, None] + np.sin(angle) * places
        shape = wave if number % 3 == 0 else np.exp(-(wave**2)) + 0.3 * wave
        colour = colour if number % 2 else np.ones(3) + 0.2 * colour
        made.append(shape[..., None] * colour)
    kernel: NDArray[Any] = np.stack(made, -1)
    return kernel / np.linalg.norm(kernel.reshape(-1, count), axis=0)


def draw_pictures(random: np.random.Generator, count: int = 24) -> NDArray[Any]:
    """Count x SIDE x SIDE x 3 from 0 to 255: leaves of all sizes and of natural colours, fallen on each other.

    Source of the model: Lee, Mumford and Huang, "Occlusion models for natural images", 2001.
    """
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    pictures = np.zeros((count, SIDE, SIDE, 3))
    for picture in pictures:
        light, tint = random.uniform(0.5, 1.1), random.normal(0, 8, 3)
        for _ in range(150):
            x, y = random.uniform(0, SIDE, 2)
            size = min(4 / random.uniform(0.02, 1), SIDE)
            leaf = light * random.uniform(10, 290) * np.array([1.08, 1.0, 0.88]) + tint + random.normal(0, 25, 3)
            picture[(across - x) ** 2 + (down - y) ** 2 < size**2] = leaf
    return np.clip(pictures, 0, 255)
