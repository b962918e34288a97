"""Quantisation: bytes can hold only so many values, and these are what the input takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runner_core.cards.clue import Clue
from runner_core.clues.constants import Constants
from runner_core.clues.model_file import ModelFile
from runner_core.clues.pixel import Pixel
from runner_core.clues.ranges import find_range
from runner_core.frames.normalization import Normalization
from runner_core.graphs import Graph, Node

_CONFIDENCE = 0.97
_LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}

Bounds = tuple[float, float]


def find_quantised_input(model: ModelFile) -> Iterator[Clue]:
    """The range by the first quantisation behind a float input."""
    for node, pixel in model.front.passed if model.front else ():
        bounds = _read_bounds(node, model.front.constants) if model.front else None
        normalization = bounds and find_range(*_look_back(bounds, pixel))
        if normalization:
            yield Clue("range", normalization, "the graph quantises what it gets to that", _CONFIDENCE)
            return


def find_eight_bits(model: ModelFile) -> Iterator[Clue]:
    """That a network computes in 8 bits, whose scores one grey level can move by a tenth."""
    front, graph = model.front, model.graph
    stored = graph is not None and any(value.scale is not None for value in graph.inputs)
    if stored or (front and any(_read_bounds(node, front.constants) is not None for node, _ in front.passed)):
        yield Clue("resample", "opencv", "it computes in 8 bits, which one grey level can tip", 1.0)


def read_quantised_range(graph: Graph) -> Normalization | None:
    """The range that the bytes of a graph's only input stand for; None for an input of another kind."""
    image = graph.inputs[0] if len(graph.inputs) == 1 else None
    if image is None or image.scale is None or image.dtype not in _LIMITS:
        return None
    return find_range(*_scale(_LIMITS[image.dtype], image.scale, image.zero))


def _read_bounds(node: Node, constants: Constants) -> Bounds | None:
    """The least and the greatest value that a quantising node lets through."""
    kind, attributes = node.kind, node.attributes
    if kind == "QUANTIZE" and "scale" in attributes:
        return _scale(_LIMITS.get(attributes["dtype"], (0, 0)), attributes["scale"], attributes["zero"])
    given = [constants.find(name) for name in node.inputs[1:]]
    numbers = [float(each.ravel()[0]) for each in given if each is not None and each.size == 1]
    if kind == "QuantizeLinear" and len(numbers) == 2:
        zero = given[1]
        limits = _LIMITS.get(zero.dtype.name if zero is not None else "", (0, 0))
        return _scale(limits, numbers[0], int(numbers[1]))
    if kind in ("FakeQuantWithMinMaxVars", "FakeQuantize") and len(numbers) >= 2:
        return numbers[0], numbers[1]
    return None


def _scale(limits: tuple[int, int], scale: float, zero: int) -> Bounds:
    return (limits[0] - zero) * scale, (limits[1] - zero) * scale


def _look_back(bounds: Bounds, pixel: Pixel) -> Bounds:
    """What the input must be for a tensor to be within the bounds: each of its channels comes from one of the input."""
    scales = pixel.weights.sum(1)
    with np.errstate(all="ignore"):
        ends = (np.array(bounds)[:, None] - pixel.shifts) / scales
    return float(ends.min()), float(ends.max())
