"""Batching: the tensors of several frames as one, where a network answers each of them as it does alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import Tensors, TensorSpec

T = TypeVar("T")

MOST = 16  # frames at once: more gain nothing, and hold memory
_NEAR = 1e-3  # of the largest number: other kernels may serve several frames than serve one


def may_batch(specs: Iterable[TensorSpec]) -> bool:
    """Whether the first length of every tensor is free. What it means, the network alone knows: see ``are_alike``."""
    return all(spec.shape and spec.shape[0] is None for spec in specs)


def split_frames(frames: Sequence[T]) -> Iterator[Sequence[T]]:
    """``MOST`` at a time."""
    return (frames[start : start + MOST] for start in range(0, len(frames), MOST))


def stack_feeds(each: Sequence[Tensors]) -> dict[str, NDArray[Any]] | None:
    """By role, one behind the other; None where there is only one, or where their shapes differ."""
    if len(each) < 2 or any({tensors[role].shape for tensors in each} != {each[0][role].shape} for role in each[0]):
        return None
    return {role: np.concatenate([tensors[role] for tensors in each]) for role in each[0]}


def split_outputs(outputs: Tensors, count: int) -> list[dict[str, NDArray[Any]]] | None:
    """The outputs of each frame, with a first length of 1; None where they do not come apart so."""
    if any(not tensor.ndim or len(tensor) != count for tensor in outputs.values()):
        return None
    return [{role: tensor[row : row + 1] for role, tensor in outputs.items()} for row in range(count)]


def are_alike(alone: Sequence[Tensors], together: Sequence[Tensors] | None) -> bool:
    """Whether each frame's outputs are the same, whether it was run alone or among others."""
    if together is None:
        return False
    return all(
        _same(one[role], other[role]) for one, other in zip(alone, together, strict=True) for role in one
    )  # fmt: skip


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    largest = float(np.abs(one, where=np.isfinite(one), out=np.zeros_like(one)).max(initial=1.0))
    return bool(np.allclose(one, other, rtol=0, atol=_NEAR * largest, equal_nan=True))
