"""Scaling in the graph: a graph that scales its picture itself takes what it scales."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.clue import Clue
from runner_core.clues.model_file import ModelFile
from runner_core.clues.natural_pictures import Picture
from runner_core.clues.pixel import Pixel
from runner_core.clues.ranges import USUAL, list_orders
from runner_core.frames.normalization import Normalization

_EXACT, _LIKELY = 0.97, 0.93
_SLACK = 0.02  # share of a range
_ENDS = np.array([0.0, 255.0])
_NEAR, _FAR = 0.5, 1.5  # how far from natural pictures the best range may be, and the next one must be

Values = NDArray[Any]


@attrs.frozen(eq=False)
class Scaling:
    """What the graph makes of each channel of its input: ``value * gain + shift``.

    ``reverses``  whether it then hands them on in the other order.
    """

    gain: Values
    shift: Values
    reverses: bool

    @classmethod
    def of(cls, pixel: Pixel) -> Scaling | None:
        """None where a channel is not scaled by itself, or used in different ways."""
        weights, shifts = pixel.weights, pixel.shifts
        channels = weights.shape[1]
        sources = np.abs(weights).argmax(1)
        gains = weights[np.arange(len(weights)), sources]
        if np.any(np.abs(weights).sum(1) > np.abs(gains) * (1 + 1e-6)) or set(sources) != set(range(channels)):
            return None
        first = [int(np.argmax(sources == channel)) for channel in range(channels)]
        if not np.allclose(gains, gains[first][sources]) or not np.allclose(shifts, shifts[first][sources]):
            return None
        reverses = channels > 1 and sources[:channels].tolist() == list(range(channels))[::-1]
        return cls(gains[first], shifts[first], reverses)

    @property
    def is_none(self) -> bool:
        return bool(np.allclose(self.gain, 1) and np.allclose(self.shift, 0))


def find_graph_scaling(model: ModelFile) -> Iterator[Clue]:
    """The range, and the order of colours where the channels are scaled apart."""
    scaling = _read_scaling(model)
    if scaling is None or scaling.is_none:
        return
    exact = list(_list_exact(scaling))
    if exact:
        taken, made, bgr = exact[0]
        yield Clue("range", taken, f"the graph makes values {made.text} of them", _EXACT)
        if made.reversed() != made and not model.is_grey:
            yield Clue("colour", "bgr" if bgr else "rgb", f"the graph scales each channel: {made.text}", _EXACT)
        return
    yield from _find_likely(model, scaling)


def _read_scaling(model: ModelFile) -> Scaling | None:
    """Where the picture meets its first convolution, else where the last step that is understood ends."""
    if model.front is None:
        return None
    entry = model.front.convolution
    pixel = entry.pixel if entry else model.front.passed[-1][1] if model.front.passed else None
    return Scaling.of(pixel) if pixel else None


def _list_exact(scaling: Scaling) -> Iterator[tuple[Normalization, Normalization, bool]]:
    """(what the input takes, what the graph makes of it, whether it takes BGR), where both are usual ranges.

    Two ranges: a step that leaves one as it was, as 0.5 less leaves 0 to 255, tells neither.
    """
    for taken in USUAL:
        given = _apply(taken, len(scaling.gain)) * scaling.gain + scaling.shift
        for made, bgr in list_orders():
            wanted = _apply(made, len(scaling.gain))
            if made != taken and np.abs(given - wanted).max() <= _SLACK * (wanted.max() - wanted.min()):
                yield taken, made, bgr


def _apply(normalization: Normalization, channels: int) -> Values:
    """What black and white become, 2 x channels."""
    mean, std = (np.array(side)[:channels] for side in (normalization.mean, normalization.std))
    values: Values = (_ENDS[:, None] - mean) / std
    return values


def _find_likely(model: ModelFile, scaling: Scaling) -> Iterator[Clue]:
    """What natural pictures are scaled to a mean of 0 and a deviation of 1 from, as layers that learned it do."""
    misfits = sorted((_measure(scaling, each, model.is_grey), each.text, each) for each in USUAL)
    (best, _, normalization), (second, *_) = misfits[:2]
    if best <= _NEAR and second >= _FAR:
        yield Clue("range", normalization, "the graph then has what natural pictures vary about 0", _LIKELY)


def _measure(scaling: Scaling, normalization: Normalization, grey: bool) -> float:
    """How far from a mean of 0 and a deviation of 1 natural pictures come out."""
    picture = Picture.of(normalization, grey=grey)
    mean = picture.mean * scaling.gain + scaling.shift
    deviation = np.sqrt(np.diag(picture.covariance)) * np.abs(scaling.gain)
    return float(np.sqrt(np.mean(mean**2 + np.log(deviation) ** 2)))
