"""Names and specs of TensorFlow's tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runner_core.contracts import TensorSpec


def spec_of(name: str, tensor: Any) -> TensorSpec:
    """The spec of a ``tf.Tensor``, under the name that a task sees."""
    shape = None if tensor.shape.rank is None else tuple(tensor.shape.as_list())
    return TensorSpec(name, shape, tensor.dtype.base_dtype.name)


def by_name(tensors: Iterable[Any]) -> dict[str, str]:
    """TensorFlow's names of tensors, by themselves: what a task sees where nothing names them otherwise."""
    return {name: name for name in names_of(tensors)}


def names_of(tensors: Iterable[Any]) -> list[str]:
    """TensorFlow's names of tensors: ``"Cast:0"``."""
    return [tensor.name for tensor in tensors]
