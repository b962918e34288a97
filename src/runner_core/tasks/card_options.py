"""A card's ``options``, read and checked when a family binds the card."""

from __future__ import annotations

from collections.abc import Collection

from runner_core.cards.card import Card
from runner_core.errors import TaskError
from runner_core.tasks.activation import ACTIVATIONS


def read_choice(card: Card, name: str, *values: str) -> str | None:
    """The option, one of ``values``; None where the card has none. Raises TaskError."""
    value = card.options.get(name)
    if value is None or value in values:
        return value
    raise TaskError(f"brain {card.name}: the option {name} is {value!r}", remedy=f"give {' or '.join(values)}")


def read_activation(card: Card, logits: str, among: Collection[str] = ACTIVATIONS) -> str | None:
    """The option ``activation``: what is still to be applied to scores, one ``among`` these; None where absent.

    ``logits`` is what the family applies to logits, which the value ``logits`` asks for. Raises TaskError.
    """
    chosen = read_choice(card, "activation", *among, "logits")
    return logits if chosen == "logits" else chosen


def read_flag(card: Card, name: str, default: bool) -> bool:
    """The option, true or false. Raises TaskError."""
    value = card.options.get(name, default)
    if isinstance(value, bool):
        return value
    raise TaskError(f"brain {card.name}: the option {name} is {value!r}", remedy="give true or false")


def read_index(card: Card, name: str, below: int | None) -> int | None:
    """The option, a whole number from 0 to ``below - 1``; None where the card has none. Raises TaskError."""
    value = card.options.get(name)
    if value is None or (type(value) is int and 0 <= value < (below or value + 1)):
        return value
    raise TaskError(f"brain {card.name}: the option {name} is {value!r}", remedy=f"give a class number, below {below}")
