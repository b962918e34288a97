"""Outputs that belong together: found by their names, and of the same number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner_core.cards import Card
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.tasks import can_have_shape, find_tensor


def find_tensors(specs: Sequence[TensorSpec], names: dict[str, str]) -> dict[str, TensorSpec]:
    """Role -> tensor, for those of ``names`` (role -> short name) that the model has."""
    found = {role: find_tensor(specs, name) for role, name in names.items()}
    return {role: spec for role, spec in found.items() if spec is not None}


def find_tensor_pair(outputs: Sequence[TensorSpec], *pairs: tuple[str, str]) -> tuple[TensorSpec, TensorSpec] | None:
    """Boxes N x 4 and what goes with them, N x C, by the first of these pairs of names that a model has so."""
    for boxes_name, other_name in pairs:
        boxes, other = find_tensor(outputs, boxes_name), find_tensor(outputs, other_name)
        if boxes and other and can_have_shape(boxes, (1, None, 4)) and can_have_shape(other, (1, None, None)):
            return boxes, other
    return None


def check_same_rows(card: Card, rows: Mapping[str, int | None]) -> None:
    """Raises TaskError where roles are known to have different numbers of rows."""
    known = {role: number for role, number in rows.items() if number is not None}
    if len(set(known.values())) > 1:
        counts = ", ".join(f"{role} {number}" for role, number in known.items())
        raise TaskError(
            f"brain {card.name}: the outputs differ in rows: {counts}", remedy="give roles that belong together"
        )


def axis_length(spec: TensorSpec | None, index: int) -> int | None:
    """The length of an axis; None where it is not fixed."""
    return None if spec is None or not spec.shape else spec.shape[index]
