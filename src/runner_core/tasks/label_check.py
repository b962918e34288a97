"""Label check: whether a card's labels fit a model's number of classes, and which classes are background."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import attrs

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.errors import LabelError, TaskError


def drop_settled_guesses(card: Card, *, numbered: bool) -> Card:
    """The drafted card without the guesses that its labels settle.

    Those that ``first_class`` settles go where ``numbered``: a person gave the number of the first class, or the labels
    do, as labels with a background do; and where there are no labels, for numbers are as the network has them. That
    these are the model's labels may itself be a guess, which stays.
    """
    numbered = numbered or not card.labels or bool(card.labels.background)
    settled = {*["labels"] * bool(card.labels), *["first_class"] * numbered}
    left = (guess for guess in card.guesses if guess.about == "labels" or not settled.intersection(guess.by))
    return attrs.evolve(card, guesses=tuple(left))


def read_background(card: Card, default: int | None) -> frozenset[int]:
    """The classes that no instance has: the card's option ``background`` (a class, or a list), else those that the
    labels name so, else ``default`` unless the labels have a name for it. Raises TaskError for other options.
    """
    option = card.options.get("background")
    if option is not None:
        numbers = option if isinstance(option, list | tuple) else [option]
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise TaskError(
                f"brain {card.name}: the option background is {option!r}", remedy="give a class, or a list of them"
            )
        return frozenset(numbers)
    named = card.labels.background
    if named or default is None or default in card.labels.model_id_to_file_id:
        return named
    return frozenset({default})


def drop_wrong_labels(card: Card, classes: int | None, background: AbstractSet[int] | None = None) -> Card:
    """The drafted card; without the labels, which the metadata gave, if they do not fit the number of classes."""
    try:
        check_classes(card, classes, background)
    except LabelError as error:
        note = f"the labels in the metadata are left out: {error.message}; give labels"
        return attrs.evolve(card, labels=LabelMap(), notes=(*card.notes, note))
    return card


def check_classes(card: Card, classes: int | None, background: AbstractSet[int] | None = None) -> None:
    """Raises LabelError unless the last label is the model's last class, ``classes - 1``; None: not known.

    A number below may have no name: a gap as in COCO's ninety, or the background. Where the family knows which classes
    are ``background``, the labels must cover the others, from first to last. Raises TaskError where the model has no
    such background class.
    """
    if classes is None:
        return
    if background and max(background) >= classes:
        raise TaskError(
            f"brain {card.name}: the option background is {max(background)}, the model has {classes} classes"
        )
    if not card.labels:
        return
    numbers = [label.model_id for label in card.labels.labels]
    first, last = min(numbers), max(numbers)
    instances = {classes - 1} if background is None else set(range(classes)) - background
    if last >= classes or not all(first <= number <= last for number in instances):
        raise LabelError(
            f"the model has the classes 0 to {classes - 1}, the labels run from {first} to {last}",
            remedy="give the label map of this model, or its first number by --first-class",
        )
