"""Numbers in a card's ``options``, read and checked when a family binds the card."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.tasks import Shape, can_have_shape, format_shape


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
