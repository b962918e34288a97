"""Roles: the tensors of a model that a card names, checked against the shapes that a family can read.

A family finds tensors for a draft by name, and takes the batch axis off an output when it decodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError

Shape = tuple[int | None, ...]  # None: any length


def bind_roles(
    card: Card, model: Signature, *, needed: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, TensorSpec]:
    """Role -> tensor. Raises TaskError for a role that is missing or unknown, or a tensor that the model lacks."""
    needed, known = tuple(needed), (*needed, *optional)
    missing = [role for role in needed if role not in card.roles]
    unknown = [role for role in card.roles if role not in known]
    if missing or unknown:
        faults = [f"no {role}" for role in missing] + [f"an unknown {role!r}" for role in unknown]
        remedy = f"{card.task} needs {', '.join(needed)}" + (f" and may have {', '.join(optional)}" if optional else "")
        raise TaskError(f"brain {card.name}: the roles have {', '.join(faults)}", remedy=remedy)
    return {role: _find_role(card, model, role) for role in card.roles}


def _find_role(card: Card, model: Signature, role: str) -> TensorSpec:
    spec = model.tensor(card.roles[role])
    if spec is None:
        tensors = ", ".join(str(known) for known in (*model.inputs, *model.outputs))
        raise TaskError(
            f"brain {card.name}: the model has no {card.roles[role]} for {role}", remedy=f"it has {tensors}"
        )
    return spec


def check_shape(card: Card, role: str, spec: TensorSpec, *shapes: Shape) -> None:
    """Raises TaskError unless the tensor can have one of the shapes."""
    if any(can_have_shape(spec, shape) for shape in shapes):
        return
    wanted = " or ".join(format_shape(shape) for shape in shapes)
    raise TaskError(
        f"brain {card.name}: {role} is {spec}, {card.task} reads {wanted}",
        remedy="correct the card's roles",
    )


def can_have_shape(spec: TensorSpec, shape: Shape) -> bool:
    """Whether a tensor of that spec can have that shape; a side that the spec leaves open fits any."""
    if spec.shape is None:
        return True
    pairs = zip(spec.shape, shape, strict=False)
    return len(spec.shape) == len(shape) and all(None in pair or pair[0] == pair[1] for pair in pairs)


def drop_batch_axis(card: Card, role: str, tensor: NDArray[Any], row: Shape) -> NDArray[Any]:
    """An output as N rows of shape ``row``, without the batch axis if it has one. Raises TaskError for other shapes."""
    rows: NDArray[Any] = tensor[0] if tensor.ndim == len(row) + 2 else tensor
    if rows.ndim != len(row) + 1 or any(
        want not in (None, have) for want, have in zip(row, rows.shape[1:], strict=True)
    ):
        wanted = format_shape((None, *row))
        raise TaskError(f"brain {card.name}: {role} came as {format_shape(tensor.shape)}, {card.task} reads {wanted}")
    return rows


def format_shape(shape: Shape) -> str:
    """``1 x N x 4`` for (1, None, 4)."""
    return "[" + " x ".join("N" if side is None else str(side) for side in shape) + "]"


def short_name(name: str) -> str:
    """The name without what exporters add: ``inputs`` for ``import/serving_default_inputs:0``."""
    return name.partition(":")[0].rpartition("/")[2].removeprefix("serving_default_")


def find_tensor(specs: Iterable[TensorSpec], *names: str) -> TensorSpec | None:
    """The tensor with the first of these short names that any has; of several the one with the shortest full name."""
    by_length = sorted(specs, key=lambda spec: len(spec.name))
    return next((spec for name in names for spec in by_length if short_name(spec.name) == name), None)
