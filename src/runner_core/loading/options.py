"""LoadOptions: what a person may say about a brain when opening it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import attrs
import numpy as np

from runner_core.cards.card import Card
from runner_core.cards.label_files import ParsedLabels, parse_label_file, read_label_file
from runner_core.cards.labels import LabelMap
from runner_core.errors import UsageError
from runner_core.loading.picture_options import PictureOptions
from runner_core.tasks.label_check import drop_settled_guesses
from runner_core.util.home import expand_home
from runner_core.util.spelling import ask_if_meant

AUTO = "auto"  # as ``engine``: the fastest installed one that opens the model

PRECISIONS = ("f32", "bf16", "f16")
# What the scores are -> the card's option ``activation``.
OUTPUTS = {"probabilities": "none", "logits": "logits", "sigmoid": "sigmoid", "softmax": "softmax"}
Labels = str | os.PathLike[str] | Sequence[str] | LabelMap  # a file's path, or what would be in it
_SETTLING = ("task", "conf", "iou", "background", "outputs")  # of the options, besides the picture's and the labels'


@attrs.frozen
class LoadOptions:
    """What a person may say about a brain when opening it; None leaves it to the card, the file and the machine.

    ``background``  classes that no instance has; empty: none is.
    ``outputs``     what the scores are: ``probabilities``, ``logits``; or what to apply: ``sigmoid``, ``softmax``.
    ``options``     of the card, by name.
    ``strict``      whether a brain that rests on guesses is refused.
    """

    name: str | None = None
    labels: Labels | None = None
    task: str | None = None
    engine: str | None = None
    conf: float | None = None
    iou: float | None = None
    classes: Sequence[str] | None = None
    max_det: int | None = None
    first_class: int | None = None
    background: Sequence[int] | None = None
    outputs: str | None = None
    picture: PictureOptions = attrs.field(factory=PictureOptions)
    options: Mapping[str, Any] = attrs.field(factory=dict)
    strict: bool = False
    device: str = "cpu"
    threads: int | None = None
    precision: str = "f32"
    trust: bool = False

    def __attrs_post_init__(self) -> None:
        for name in ("conf", "iou"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float | np.number) and 0 <= value <= 1):
                raise UsageError(f"{name} is {value!r}", remedy="give a number from 0 to 1")
        if self.precision not in PRECISIONS:
            raise UsageError(f"precision is {self.precision!r}", remedy=f"give {', '.join(PRECISIONS)}")
        if self.outputs not in (None, *OUTPUTS):
            raise UsageError(f"outputs is {self.outputs!r}", remedy=f"give {', '.join(OUTPUTS)}")
        for name in ("max_det", "threads"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | np.integer) and value >= 1):
                raise UsageError(f"{name} is {value!r}", remedy="give a whole number from 1")

    @classmethod
    def of(cls, **choices: Any) -> Self:
        """From all options by name, those of the picture among them. Raises UsageError for a name that is none."""
        picture = {field.name for field in attrs.fields(PictureOptions)}
        known = {field.name for field in attrs.fields(cls)} - {"picture"}
        unknown = sorted(choices.keys() - known - picture)
        if unknown:
            remedy = f"{ask_if_meant(unknown[0], known | picture)}known: {', '.join(sorted(known | picture))}"
            raise UsageError(f"no option {unknown[0]!r}", remedy=remedy)
        own = {name: value for name, value in choices.items() if name in known}
        return cls(**own, picture=PictureOptions(**{name: choices[name] for name in choices.keys() & picture}))

    def apply_to(self, card: Card) -> Card:
        """The card with these options in it, and without the guesses that they settle."""
        first = card.first_class if self.first_class is None else self.first_class
        given = None if self.labels is None else _read_labels(self.labels)
        adjusted = attrs.evolve(
            card,
            name=self.name or card.name,
            labels=given.to_map(card.first_number if first is None else first) if given else card.labels,
            first_class=first,
            threshold=card.threshold if self.conf is None else self.conf,
            iou=card.iou if self.iou is None else self.iou,
            options={**card.options, **self._card_options()},
            picture=card.picture and self.picture.apply_to(card.picture),
            guesses=tuple(guess for guess in card.guesses if given is None or guess.about != "labels"),
        )
        numbered = self.first_class is not None or (given is not None and given.is_numbered)
        return drop_settled_guesses(adjusted.without_guesses(*self._settled()), numbered=numbered)

    def _card_options(self) -> dict[str, Any]:
        own = {} if self.outputs is None else {"activation": OUTPUTS[self.outputs]}
        return {**own, **({} if self.background is None else {"background": list(self.background)}), **self.options}

    def _settled(self) -> Iterator[str]:
        """The options that are given, as guesses name them."""
        yield from self.picture.given
        yield from (name for name in _SETTLING if getattr(self, name) is not None)
        yield from (f"options.{name}" for name in self.options)


def parse_given_labels(labels: Labels) -> ParsedLabels:
    """The labels as given; from a file, without a warning for odd lines. Raises LabelError."""
    return (
        parse_label_file(Path(expand_home(labels)))[0]
        if isinstance(labels, str | os.PathLike)
        else ParsedLabels(labels)
    )


def _read_labels(labels: Labels) -> ParsedLabels:
    return read_label_file(Path(expand_home(labels))) if isinstance(labels, str | os.PathLike) else ParsedLabels(labels)
