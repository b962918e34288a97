"""Batch normalisation behind the first convolution: it has stored what its pictures looked like.

Its moving mean and variance are those of the convolution's output over the pictures of the training. What natural
pictures would give follows from the kernel, for each range and order of colours: one of them fits.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from runner_core.cards.clue import Clue
from runner_core.clues.constants import find_median
from runner_core.clues.first_convolution import FirstConvolution
from runner_core.clues.model_file import ModelFile
from runner_core.clues.natural_pictures import Picture
from runner_core.clues.ranges import USUAL
from runner_core.clues.stored_statistics import Statistics, find_statistics
from runner_core.frames.normalization import Normalization

# Of a range: how well it must fit, and by how much better than the next. Of the colours: likewise, as a ratio.
_FIT, _LEAD, _SMALL_LEAD = 0.5, 0.25, 0.1
_COLOUR_FIT, _COLOUR_RATIO = 0.12, 1.75
_RANGE, _LIKELY, _COLOUR = 0.95, 0.8, 0.92  # confidence
_LEAST_FILTERS = 4
_DEAD = 1e-2  # a filter whose output varies less than this share of the others' says nothing


@attrs.frozen
class Fit:
    """How far a range and an order of colours are from what is stored.

    ``spread``  of the deviations: the natural logarithm of their ratio, the median over the filters.
    ``shift``   of the means, in deviations, the root of their mean square.
    """

    normalization: Normalization
    bgr: bool
    spread: float
    shift: float

    @property
    def misfit(self) -> float:
        return float(np.hypot(self.spread, self.shift))


def find_batch_norm(model: ModelFile) -> Iterator[Clue]:
    """The range, and the order of colours where one fits far better than the other."""
    if model.convolution is None or model.graph is None or model.front is None:
        return
    statistics = find_statistics(model.graph, model.convolution.node, model.front.constants)
    if statistics is None:
        return
    fits = sorted(list_fits(model.convolution, statistics, grey=model.is_grey), key=lambda fit: fit.misfit)
    if not fits:  # too few filters that say anything
        return
    best, *others = fits
    rivals = [fit.misfit for fit in others if fit.normalization != best.normalization]
    lead = min(rivals) - best.misfit
    if not best.misfit <= _FIT or not lead >= _SMALL_LEAD:
        return
    says = "the first batch normalisation has stored such values"
    yield Clue("range", best.normalization, says, _RANGE if lead >= _LEAD else _LIKELY)
    other = next((fit for fit in others if fit.normalization == best.normalization), None)
    if other and best.shift <= _COLOUR_FIT and other.shift >= best.shift * _COLOUR_RATIO:
        yield Clue("colour", "bgr" if best.bgr else "rgb", "the first batch normalisation has stored such", _COLOUR)


def list_fits(convolution: FirstConvolution, statistics: Statistics, *, grey: bool) -> Iterator[Fit]:
    """Of each usual range, for RGB and for BGR where the channels are normalised alike: else both fit as well."""
    told = np.sqrt(np.maximum(statistics.variance, 0))
    alive = told > _DEAD * find_median(told)
    if alive.sum() < min(_LEAST_FILTERS, len(told)):
        return
    for normalization in USUAL:
        for bgr in (False,) if grey or normalization.reversed() != normalization else (False, True):
            mean, deviation = Picture.of(normalization, bgr=bgr, grey=grey).filter(convolution.kernel, convolution.bias)
            with np.errstate(all="ignore"):
                spread = find_median(np.log(told / deviation)[alive])
                shift = (statistics.mean - mean)[alive] / np.hypot(told, deviation)[alive]
            yield Fit(normalization, bgr, float(spread), float(np.sqrt(np.mean(shift**2))))
