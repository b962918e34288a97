"""Tensors for checks: made from a spec, compared with a spec, compared with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.contracts import Tensors, TensorSpec
from runner_core.frames.decode import to_png
from runner_core.testing.check import demand

SIDE = 64  # for a length that the model leaves open
_ANY_RANK = (1, SIDE, SIDE, 3)


def make_zeros(spec: TensorSpec) -> NDArray[Any]:
    """A tensor that fits: zeros, or a small black PNG for ``string``; open lengths are 1 first, 64 elsewhere."""
    wanted = _ANY_RANK if spec.shape is None else spec.shape
    shape = tuple(side if side is not None else (SIDE if axis else 1) for axis, side in enumerate(wanted))
    if spec.dtype != "string":
        return np.zeros(shape, spec.dtype)
    tensor = np.empty(() if spec.shape is None else shape, object)
    tensor[...] = to_png(Image.new("RGB", (SIDE, SIDE)))
    return tensor


def make_read_only(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """Views that cannot be written to."""
    views = {name: tensor.view() for name, tensor in tensors.items()}
    for view in views.values():
        view.flags.writeable = False
    return views


def demand_fits(name: str, tensor: Any, spec: TensorSpec) -> None:
    """Demands a numpy array of the spec's dtype and shape."""
    demand(isinstance(tensor, np.ndarray), f"{name} is a {type(tensor).__name__}, not a numpy array")
    strings = tensor.dtype.kind in "OSU"
    typed = strings if spec.dtype == "string" else tensor.dtype.name == spec.dtype
    demand(typed, f"{name} is {tensor.dtype}; declared: {spec}")
    if spec.shape is not None:
        fits = tensor.ndim == len(spec.shape) and all(
            length in (None, side) for length, side in zip(spec.shape, tensor.shape, strict=True)
        )
        demand(fits, f"{name} has shape {tensor.shape}; declared: {spec}")


def demand_same(these: Tensors, those: Tensors, when: str) -> None:
    """Demands tensors of the same names and shapes, equal within a relative 1e-3 and an absolute 1e-4."""
    for name, tensor in those.items():
        demand(name in these and _same(np.asarray(these[name]), np.asarray(tensor)), f"{name} differs {when}")


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.dtype.kind in "OSU":
        return np.array_equal(one, other)
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-3, atol=1e-4, equal_nan=True)
