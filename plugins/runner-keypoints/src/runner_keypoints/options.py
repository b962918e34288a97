"""What a card's ``options`` say to a family, checked when the brain is opened."""

from __future__ import annotations

from runner_core.card import Card
from runner_core.errors import TaskError


def choice(card: Card, name: str, *values: str) -> str | None:
    """The option, one of ``values``, or None where the card does not say. Raises TaskError."""
    value = card.options.get(name)
    if value is None or value in values:
        return value
    raise TaskError(f"brain {card.name}: the option {name} is {value!r}", remedy=f"give {' or '.join(values)}")
