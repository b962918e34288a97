"""LoadOptions: what a person may say about a brain when opening it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from runner_core.cards.card import Card
from runner_core.cards.label_files import ParsedLabels, read_label_file
from runner_core.cards.labels import LabelMap
from runner_core.errors import UsageError
from runner_core.tasks.label_check import drop_settled_guesses

AUTO = "auto"  # as ``engine``: the fastest installed one that opens the model

PRECISIONS = ("f32", "bf16", "f16")


@attrs.frozen
class LoadOptions:
    """What a person may say about a brain when opening it; None leaves it to the card, the file and the machine."""

    name: str | None = None
    labels: str | os.PathLike[str] | Sequence[str] | LabelMap | None = None
    task: str | None = None
    engine: str | None = None
    conf: float | None = None
    iou: float | None = None
    classes: Sequence[str] | None = None
    max_det: int | None = None
    first_class: int | None = None
    device: str = "cpu"
    threads: int | None = None
    precision: str = "f32"
    trust: bool = False

    def __attrs_post_init__(self) -> None:
        for name in ("conf", "iou"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"{name} is {value}", remedy="give a number from 0 to 1")
        if self.precision not in PRECISIONS:
            raise UsageError(f"precision is {self.precision!r}", remedy=f"give {', '.join(PRECISIONS)}")
        for name in ("max_det", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}", remedy="give a whole number from 1")

    def apply_to(self, card: Card) -> Card:
        """The card with these options in it, and without the guesses that they settle."""
        first = card.first_class if self.first_class is None else self.first_class
        given = None if self.labels is None else _read_given(self.labels)
        adjusted = attrs.evolve(
            card,
            name=self.name or card.name,
            labels=given.to_map(card.first_number if first is None else first) if given else card.labels,
            first_class=first,
            threshold=card.threshold if self.conf is None else self.conf,
            iou=card.iou if self.iou is None else self.iou,
        )
        numbered = self.first_class is not None or (given is not None and given.is_numbered)
        return drop_settled_guesses(adjusted, numbered=numbered)


def _read_given(labels: str | os.PathLike[str] | Sequence[str] | LabelMap) -> ParsedLabels:
    return read_label_file(Path(labels)) if isinstance(labels, str | os.PathLike) else ParsedLabels(labels)
