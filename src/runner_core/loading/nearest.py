"""The families nearest to a model that none recognises, by the outputs that their plugins claim to read.

A claim of a task is its outputs without their batch axis: ``N x 4 + N x C``. A letter is any length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

from runner_core.contracts import TensorSpec

_ANOTHER_COUNT, _ANOTHER_RANK, _ANOTHER_LENGTH, _SAME_LENGTH = 40, 20, 10, -1  # what a difference costs
_MOST_COMPARED = 4  # outputs in any order; more are compared in theirs
SHOWN = 2

Axes = tuple[str, ...]


def describe_nearest(outputs: Sequence[TensorSpec], claims: Mapping[str, Sequence[str]]) -> str:
    """What the nearest of these families read and this model has; empty where no family claims anything.

    ``claims`` are by the names of the families.
    """
    own = [_read_axes(spec) for spec in outputs]
    costs = {(name, claim): _compare(own, _parse(claim)) for name, each in claims.items() for claim in each}
    best: dict[str, str] = {}
    for name, claim in sorted(costs, key=lambda pair: (costs[pair], pair[0])):
        best.setdefault(name, claim)
    if not best:
        return ""
    told = " and ".join(f"{name}, which reads {claim}" for name, claim in list(best.items())[:SHOWN])
    return f"nearest are {told}; this has {' + '.join(' x '.join(axes) or '1' for axes in own)}"


def _read_axes(spec: TensorSpec) -> Axes:
    """Without the batch axis; a free length is ``?``."""
    shape = spec.shape or ()
    inner = shape[1:] if len(shape) > 1 and shape[0] in (1, None) else shape
    return tuple("?" if side is None else str(side) for side in inner)


def _parse(claim: str) -> list[Axes]:
    return [tuple(side.strip() for side in output.split(" x ")) for output in claim.split("+")]


def _compare(own: Sequence[Axes], wanted: Sequence[Axes]) -> int:
    count = _ANOTHER_COUNT * abs(len(own) - len(wanted))
    few, many = sorted((own, wanted), key=len)
    orders = permutations(many, len(few)) if len(many) <= _MOST_COMPARED else [many[: len(few)]]
    return count + min(sum(map(_measure, few, order)) for order in orders)


def _measure(one: Axes, other: Axes) -> int:
    """How much two outputs differ; lengths that are letters, or free, fit any."""
    if len(one) != len(other):
        return _ANOTHER_RANK
    fixed = [pair for pair in zip(one, other, strict=True) if all(side.isdecimal() for side in pair)]
    return sum(_SAME_LENGTH if mine == theirs else _ANOTHER_LENGTH for mine, theirs in fixed)
