"""Whether a card's labels fit a model of so many classes, and which of them mean nothing was found."""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.card import Card
from runner_core.errors import LabelError, TaskError
from runner_core.label_files import BACKGROUND
from runner_core.labels import LabelMap


def background_of(card: Card, default: int | None) -> frozenset[int]:
    """The classes of no thing: the card's option ``background`` (a class, or a list), else those that the labels name
    so, else ``default`` unless the labels have a name for it. Raises TaskError for an option that is neither.
    """
    told = card.options.get("background")
    if told is not None:
        numbers = told if isinstance(told, list | tuple) else [told]
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise TaskError(
                f"brain {card.name}: the option background is {told!r}", remedy="give a class, or a list of them"
            )
        return frozenset(numbers)
    named = {label.model_id for label in card.labels.labels if label.name.lower() in BACKGROUND}
    if named or default is None or default in card.labels.model_id_to_file_id:
        return frozenset(named)
    return frozenset({default})


def believed(card: Card, classes: int, background: frozenset[int]) -> Card:
    """The drafted card; without the labels, which the metadata gave, if they are not those of so many classes."""
    try:
        check_classes(card, classes, background)
    except LabelError as error:
        note = f"the labels in the metadata are left out: {error.message}; give labels"
        return attrs.evolve(card, labels=LabelMap(), notes=(*card.notes, note))
    return card


def check_classes(card: Card, classes: int, background: frozenset[int]) -> None:
    """Raises LabelError where the card's labels are not those of a model with so many classes, TaskError where the
    background is not.
    """
    if max(background, default=0) >= classes:
        raise TaskError(
            f"brain {card.name}: the option background is {max(background)}, the model has {classes} classes"
        )
    if not card.labels:
        return
    card.labels.check(np.array(sorted(set(range(classes)) - background)))
    last = max(label.model_id for label in card.labels.labels)
    if last >= classes:
        raise LabelError(
            f"brain {card.name}: the model has the classes 0 to {classes - 1}, the labels go up to {last}",
            remedy="give the label map of this model, or its first number by --first-class",
        )
