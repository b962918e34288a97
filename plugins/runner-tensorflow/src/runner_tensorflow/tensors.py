"""TensorSpecs of TensorFlow's tensors, and arrays held against them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import TensorSpec
from runner_core.errors import EngineError

_BYTES = "OS"  # numpy's kinds of arrays whose elements are bytes


def spec_of(name: str, tensor: Any) -> TensorSpec:
    """The spec of a ``tf.Tensor``, under the name that the model's users know it by."""
    shape = None if tensor.shape.rank is None else tuple(tensor.shape.as_list())
    return TensorSpec(name, shape, tensor.dtype.base_dtype.name)


def demand_fit(spec: TensorSpec, array: NDArray[Any]) -> None:
    """Raises EngineError for an array of another dtype or shape: TensorFlow would fail later, or not at all."""
    if not isinstance(array, np.ndarray):
        raise EngineError(f"{spec.name} was fed a {type(array).__name__}", remedy="feed numpy arrays")
    typed = array.dtype.kind in _BYTES if spec.dtype == "string" else array.dtype.name == spec.dtype
    if not typed or not _fits(spec.shape, array.shape):
        shape = " x ".join(map(str, array.shape))
        raise EngineError(f"{spec.name} was fed {array.dtype} [{shape}]", remedy=f"the model takes {spec}")


def _fits(asked: tuple[int | None, ...] | None, given: tuple[int, ...]) -> bool:
    if asked is None:
        return True
    return len(asked) == len(given) and all(
        side is None or side == length for side, length in zip(asked, given, strict=True)
    )


def names_of(tensors: Iterable[Any]) -> list[str]:
    """TensorFlow's names of tensors: ``"Cast:0"``."""
    return [tensor.name for tensor in tensors]
