"""The size of the first weights: those that meet values up to 255 are as much smaller.

Training keeps what a convolution and its batch normalisation give near a deviation of 1, so the weights, with the
normalisation folded into them, have the size that the values of the pictures call for. In 70 published models that
deviation, for values from 0 to 255, was 0.04 to 2.5 where they are right, and 13 to 720 where the model takes smaller
ones. A bias that undoes what a grey picture gives says that black is 0. Far beyond its error it did so in eight
networks for values from 0 to 1, and in one of twenty-one for values about 0: that stays a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.clue import Clue
from runner_core.clues.constants import find_median
from runner_core.clues.first_convolution import FirstConvolution
from runner_core.clues.model_file import ModelFile
from runner_core.clues.natural_pictures import Picture
from runner_core.frames.normalization import CAFFE, IMAGENET, RAW, SIGNED, UNIT, Normalization

_RAW_BELOW, _SMALLER_ABOVE = 4.0, 10.0  # deviation of what natural pictures from 0 to 255 give
_SURE, _LIKELY, _PERHAPS = 3.2, 1.8, 1.0  # standard errors that a zero is away from another
_LEAST, _SMALL_ERROR, _LARGEST_ERROR = 0.15, 0.15, 0.25  # of a zero, as shares of the range
_LEAST_FILTERS = 6
_DEAD = 0.05  # a filter whose output varies less than this share of the others' says nothing

Values = NDArray[Any]


@attrs.frozen
class Zero:
    """The value that the first convolution takes for nothing, from black at 0 to white at 1, and its standard error."""

    value: float
    error: float

    def is_above(self, errors: float) -> bool:
        """Whether it is as many errors above black: then black is 0, and a grey picture is taken away by the bias."""
        return self.error < _LARGEST_ERROR and self.value > max(_LEAST, errors * self.error)

    def is_below(self, errors: float) -> bool:
        """Whether it is as many errors below black: no values from black on are taken for nothing."""
        return self.error < _LARGEST_ERROR and self.value < -max(_LEAST, errors * self.error)


def find_first_weights(model: ModelFile) -> Iterator[Clue]:
    """The range, as far as the weights of the first convolution tell."""
    convolution = model.folded
    if convolution is None or convolution.kernel.shape[3] < _LEAST_FILTERS:
        return
    size = measure_size(convolution, grey=model.is_grey)
    if 0 < size < _RAW_BELOW:
        yield _choose_of_bytes(estimate_zero(convolution, RAW, grey=model.is_grey))
    elif size > _SMALLER_ABOVE:
        yield from _find_smaller(model, estimate_zero(convolution, UNIT, grey=model.is_grey))


def _choose_of_bytes(zero: Zero) -> Clue:
    """Of a model that takes values up to 255, from which a mean may have been taken."""
    says = "its first weights are as small as values up to 255 call for"
    if zero.is_above(_PERHAPS):
        return Clue("range", RAW, says, 0.92)
    if zero.error < _SMALL_ERROR and zero.value < zero.error / 2:
        return Clue("range", CAFFE, f"{says}, and take grey for nothing", 0.75)
    return Clue("range", RAW, f"{says}, which may have a mean taken away", 0.85)


def _find_smaller(model: ModelFile, zero: Zero) -> Iterator[Clue]:
    """Of a model that takes smaller values than up to 255."""
    if zero.is_above(_LIKELY):
        says = "its first weights are too large for values up to 255, and take black for 0"
        yield Clue("range", UNIT, says, 0.85 if zero.is_above(_SURE) and zero.value > 0.2 else 0.75)
    elif zero.is_below(_SURE):
        centred = IMAGENET if model.picture.layout == "nchw" else SIGNED
        yield Clue("range", centred, "its first weights are those of values about 0", 0.65)


def measure_size(convolution: FirstConvolution, *, grey: bool = False) -> float:
    """The deviation of what natural pictures from 0 to 255 give: the geometric mean over the filters that matter."""
    _, deviation = Picture.of(RAW, grey=grey).filter(convolution.kernel, convolution.bias)
    alive = deviation[deviation > _DEAD * find_median(deviation)]
    return float(np.exp(np.log(alive).mean())) if alive.size else 0.0


def estimate_zero(convolution: FirstConvolution, normalization: Normalization, *, grey: bool = False) -> Zero:
    """By a robust fit of ``bias = -zero * sum of the kernel`` over the filters, as shares of their deviations.

    ``normalization`` is the range of the values, black being 0.
    """
    _, deviation = Picture.of(normalization, grey=grey).filter(convolution.kernel, convolution.bias)
    alive = deviation > _DEAD * find_median(deviation)
    white = 255 / normalization.std[0]
    sums = convolution.kernel.sum((0, 1, 2))[alive] * white / deviation[alive]
    biases = convolution.bias[alive] / deviation[alive]
    weights, slope, spread = np.ones_like(sums), 0.0, 1.0
    for _ in range(30):  # Cauchy's weights, by which outliers count little
        slope = float((weights * sums * biases).sum() / (weights * sums**2).sum())
        left = biases - slope * sums
        spread = find_median(np.abs(left)) * 1.48 + 1e-6  # of a normal distribution
        weights = 1 / (1 + (left / spread / 2) ** 2)
    return Zero(-slope, spread / float(np.sqrt((weights * sums**2).sum())))
