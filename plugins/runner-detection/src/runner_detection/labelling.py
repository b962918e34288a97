"""Whether a card's labels are those of a model with so many classes."""

from __future__ import annotations

import attrs

from runner_core.card import Card
from runner_core.errors import LabelError
from runner_core.labels import LabelMap


def believed(card: Card, classes: int | None) -> Card:
    """The drafted card; without the labels, which the metadata gave, if they are not those of so many classes."""
    try:
        check_classes(card, classes)
    except LabelError as error:
        note = f"the labels in the metadata are left out: {error.message}; give labels"
        return attrs.evolve(card, labels=LabelMap(), notes=(*card.notes, note))
    return card


def check_classes(card: Card, classes: int | None) -> None:
    """Raises LabelError unless the last label is the model's last class, ``classes - 1``; None: not known.

    A number below may have no name: the background, or a gap as in COCO's ninety.
    """
    if not card.labels or classes is None:
        return
    last = max(label.model_id for label in card.labels.labels)
    if last != classes - 1:
        raise LabelError(
            f"the model has the classes 0 to {classes - 1}, the labels end at {last}",
            remedy="give the label map of this model, or its first number by --first-class",
        )
