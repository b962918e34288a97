"""A card's roles, looked up in the model."""

from __future__ import annotations

from collections.abc import Iterable

from runner_core.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError


def roles_of(
    card: Card, model: Signature, *, needed: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, TensorSpec]:
    """Role -> tensor. Raises TaskError for a role that is missing or unknown, or a tensor that the model has not."""
    needed, known = tuple(needed), (*needed, *optional)
    missing = [role for role in needed if role not in card.roles]
    unknown = [role for role in card.roles if role not in known]
    if missing or unknown:
        faults = [f"no {role}" for role in missing] + [f"an unknown {role!r}" for role in unknown]
        remedy = f"{card.task} needs {', '.join(needed)}" + (f" and may have {', '.join(optional)}" if optional else "")
        raise TaskError(f"brain {card.name}: the roles have {', '.join(faults)}", remedy=remedy)
    return {role: _tensor(card, model, role) for role in card.roles}


def _tensor(card: Card, model: Signature, role: str) -> TensorSpec:
    spec = model.tensor(card.roles[role])
    if spec is None:
        tensors = ", ".join(str(known) for known in (*model.inputs, *model.outputs))
        raise TaskError(
            f"brain {card.name}: the model has no {card.roles[role]} for {role}", remedy=f"it has {tensors}"
        )
    return spec
