"""Steps: what single operations make of a pixel, as long as they keep it a sum of the input's channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.clues.constants import read_order
from runner_core.clues.operations import name_operation
from runner_core.clues.pixel import Pixel
from runner_core.clues.slices import Part, read_index
from runner_core.graphs import Node
from runner_core.graphs.node import simplify_kind

Values = NDArray[Any]
_MINUS = np.array(-1.0)


@attrs.frozen(eq=False)
class Call:
    """A node and what it is given: pixels where the picture comes in, constants elsewhere; None for what is neither.

    ``form``  the format of its graph.
    """

    node: Node
    given: tuple[Pixel | Values | None, ...]
    form: str

    @property
    def pixel(self) -> Pixel:
        """The first pixel that is given. There is one."""
        return next(each for each in self.given if isinstance(each, Pixel))

    @property
    def constants(self) -> tuple[Values | None, ...]:
        """What is given after the first, where it is a constant."""
        return tuple(each if isinstance(each, np.ndarray) else None for each in self.given[1:])

    @property
    def others(self) -> list[Values]:
        """All constants that are given."""
        return [each for each in self.given if isinstance(each, np.ndarray)]

    def read_axis(self, name: str = "axis", default: int = 0) -> int:
        """An axis: an attribute, or the one constant that is a single number."""
        told = self.node.attributes.get(name)
        if told is None:
            told = next((int(each.ravel()[0]) for each in self.others if each.size == 1), default)
        return int(told[0] if isinstance(told, list | tuple) else told)


def take_step(call: Call) -> list[Pixel] | None:
    """What the node gives; None where it is more than a sum of channels.

    Raises ValueError, TypeError, IndexError, KeyError where its settings do not fit.
    """
    step = _STEPS.get(name_operation(call.node.kind))
    return step(call) if step else None


def _keep(call: Call) -> list[Pixel]:
    return [call.pixel]


def _add(call: Call) -> list[Pixel]:
    first, second = call.given[:2]
    if isinstance(first, Pixel) and isinstance(second, Pixel):
        return [first.plus(second)]
    (constant,) = call.others
    return [call.pixel.shift(constant)]


def _subtract(call: Call) -> list[Pixel]:
    first, second = call.given[:2]
    if isinstance(second, Pixel):
        negative = second.scale(_MINUS)
        return [negative.plus(first) if isinstance(first, Pixel) else negative.shift(_demand(first))]
    return [call.pixel.shift(-_demand(second))]


def _multiply(call: Call) -> list[Pixel]:
    (constant,) = call.others
    return [call.pixel.scale(constant)]


def _divide(call: Call) -> list[Pixel]:
    with np.errstate(all="ignore"):
        return [call.pixel.scale(1 / _demand(call.given[1]))]


def _rescale(call: Call) -> list[Pixel]:
    scale, offset = (np.asarray(call.node.attributes[key], np.float64) for key in ("scale", "offset"))
    return [call.pixel.scale(scale).shift(offset)]


def _normalise(call: Call) -> list[Pixel] | None:
    """Keras keeps the mean and the variance that it is given in its configuration, learned ones with the weights."""
    told = [call.node.attributes.get(key) for key in ("mean", "variance")]
    if None in told:
        told = list(call.others)
    if len(told) != 2 or call.node.attributes.get("invert"):
        return None
    mean, variance = (np.asarray(each, np.float64) for each in told)
    return [call.pixel.shift(-mean).scale(1 / np.maximum(np.sqrt(variance), 1e-7))]


def _batchnorm(call: Call) -> list[Pixel] | None:
    """scale, shift, mean, variance behind the tensor; none of them is learned from this one picture."""
    gamma, beta, mean, variance = (_demand(each) for each in call.constants[:4])
    attributes = call.node.attributes
    gain = gamma / np.sqrt(variance + float(attributes.get("epsilon", attributes.get("eps", 1e-3))))
    return [call.pixel.scale(gain).shift(beta - mean * gain)]


def _transpose(call: Call) -> list[Pixel]:
    dims = call.node.attributes.get("dims")  # of Keras: from 1, without the batch
    order = (0, *dims) if dims else read_order(call.node, [np.empty(0), *call.others])
    order = order or tuple(reversed(range(call.pixel.rank)))
    return [call.pixel.move(lambda part: part.transpose(order))]


def _reshape(call: Call) -> list[Pixel] | None:
    """Axes of length 1 come and go; the channels stay together. Other shapes are more than that."""
    kind, pixel = simplify_kind(call.node.kind), call.pixel
    told = call.node.attributes.get("axes", call.node.attributes.get("squeeze_dims"))
    axes = list(told) if told else [int(axis) for each in call.others for axis in each.ravel()]
    if kind == "squeeze":
        return [pixel.move(lambda part: part.squeeze(tuple(axes) or 0))]
    if kind in ("expanddims", "unsqueeze"):
        return [pixel.move(lambda part: np.expand_dims(part, tuple(axes)))]
    count = pixel.weights.shape[0]
    places = [axis for axis, side in enumerate(axes) if side == count and axis in (len(axes) - 1, len(axes) - 3)]
    if not places:
        return None
    shape = [1] * len(axes)
    shape[places[-1]] = count
    return [pixel.move(lambda part: part.reshape(shape))]


def _slice(call: Call) -> list[Pixel] | None:
    index = read_index(call.node, call.constants, call.pixel.rank, call.form)
    return None if index is None else [call.pixel.move(lambda part: part[_stay_in(index, part.shape)])]


def _stay_in(index: tuple[Part, ...], shape: tuple[int, ...]) -> tuple[Part, ...]:
    """The index for a picture of one pixel: of an axis of length 1 each part is the whole."""
    used = sum(part is not None and part is not ... for part in index)
    full: list[Part] = []
    for part in index if ... in index else (*index, ...):
        full += [slice(None)] * (len(shape) - used) if part is ... else [part]
    sides = iter(shape)
    return tuple(None if part is None else _stay_on(part, next(sides)) for part in full)


def _stay_on(part: Any, side: int) -> Part:
    if side > 1:
        return part  # type: ignore[no-any-return]
    return slice(None) if isinstance(part, slice) else 0


def _reverse(call: Call) -> list[Pixel]:
    axes = tuple(int(axis) for each in call.others for axis in each.ravel())
    return [call.pixel.move(lambda part: np.flip(part, axes))]


def _gather(call: Call) -> list[Pixel]:
    """OpenVINO's and TensorFlow's have the axis as third input, ONNX and TensorFlow Lite as an attribute."""
    places = _demand(call.given[1]).astype(int)
    axis = int(call.others[1].ravel()[0]) if len(call.others) > 1 else call.read_axis() if _has_axis(call) else 0
    return [call.pixel.move(lambda part: part.take(places, axis))]


def _has_axis(call: Call) -> bool:
    return "axis" in call.node.attributes


def _split(call: Call) -> list[Pixel]:
    axis = call.read_axis()
    sizes = next((each.ravel().tolist() for each in call.others if each.size > 1), None)
    count = call.node.attributes.get("num_split", call.node.attributes.get("num_splits", len(call.node.outputs)))
    cuts: Any = np.cumsum(sizes)[:-1] if sizes else int(count)
    pieces = np.split(np.moveaxis(call.pixel.sums, -1, 0), cuts, axis + 1 if axis >= 0 else axis)
    return [Pixel(np.moveaxis(piece, 0, -1)) for piece in pieces]


def _unstack(call: Call) -> list[Pixel]:
    axis, pixel = call.read_axis(), call.pixel
    side = np.moveaxis(pixel.sums, -1, 0)[0].shape[axis]
    return [pixel.move(lambda part, place=place: part.take(place, axis)) for place in range(side)]  # type: ignore[misc]


def _stack(call: Call) -> list[Pixel]:
    axis = call.read_axis()
    return [Pixel(np.stack(_list_sums(call), axis if axis >= 0 else axis - 1))]


def _concatenate(call: Call) -> list[Pixel]:
    axis = call.read_axis()
    return [Pixel(np.concatenate(_list_sums(call), axis if axis >= 0 else axis - 1))]


def _list_sums(call: Call) -> Sequence[Values]:
    """Of tensors that all come from the picture. Raises TypeError where another is among them."""
    given = [each for each in call.given if not (isinstance(each, np.ndarray) and each.size == 1)]
    if not all(isinstance(each, Pixel) for each in given):
        raise TypeError("a tensor that is not of the picture")
    return [each.sums for each in given if isinstance(each, Pixel)]


def _demand(value: object) -> Values:
    """The constant. Raises TypeError for anything else."""
    if not isinstance(value, np.ndarray):
        raise TypeError("no constant")
    return value


_STEPS: Mapping[str, Callable[[Call], list[Pixel] | None]] = {
    "add": _add,
    "batchnorm": _batchnorm,
    "concatenate": _concatenate,
    "divide": _divide,
    "gather": _gather,
    "getitem": _slice,
    "keep": _keep,
    "multiply": _multiply,
    "negate": lambda call: [call.pixel.scale(_MINUS)],
    "normalise": _normalise,
    "pad": _keep,
    "rescale": _rescale,
    "reshape": _reshape,
    "resize": _keep,
    "reverse": _reverse,
    "slice": _slice,
    "split": _split,
    "stack": _stack,
    "subtract": _subtract,
    "transpose": _transpose,
    "unstack": _unstack,
}
