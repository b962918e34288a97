"""A card's ``options``, read and checked when a family binds the card."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.tasks.roles import Shape, can_have_shape, format_shape


def read_choice(card: Card, name: str, *values: str) -> str | None:
    """The option, one of ``values``; None where the card has none. Raises TaskError."""
    value = card.options.get(name)
    if value is None or value in values:
        return value
    raise TaskError(f"brain {card.name}: the option {name} is {value!r}", remedy=f"give {' or '.join(values)}")


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


def read_numbers(card: Card, name: str, default: tuple[float, ...]) -> NDArray[np.float32]:
    """The option, as many finite numbers as the default has. Raises TaskError."""
    return _read_finite(card, name, card.options.get(name, default), (len(default),))


def read_matrix(card: Card, name: str, columns: int) -> NDArray[np.float32]:
    """The option, rows of ``columns`` finite numbers. Raises TaskError, also where it is missing."""
    return _read_finite(card, name, card.options.get(name), (None, columns))


def _read_finite(card: Card, name: str, value: object, shape: Shape) -> NDArray[np.float32]:
    try:
        array = np.asarray(value, np.float32)
    except (TypeError, ValueError):
        array = np.empty(0, np.float32)
    if can_have_shape(TensorSpec(name, array.shape, "float32"), shape) and np.isfinite(array).all():
        return array
    found = "missing" if value is None else "something else"
    raise TaskError(
        f"brain {card.name}: the option {name} is {found}", remedy=f"{card.task} needs numbers, {format_shape(shape)}"
    )
