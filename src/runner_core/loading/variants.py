"""Variants: the plausible ways in which a picture may come to a model that does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Literal

import attrs

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.frames.preprocess import PictureSpec
from runner_core.tasks.normalization import KNOWN, Values


@attrs.frozen
class Variant:
    """A card; ``text`` says it in words, ``changes`` in how many things it differs from the first one."""

    text: str
    card: Card
    changes: int = 0


def picture_variants(card: Card, picture: PictureSpec) -> list[Variant]:
    """Both orders of the colours, and each way to write pixels as floats; the card's own is the first.

    ``picture`` is what the card's codec makes of a picture. Encoded pictures leave nothing to try.
    """
    if picture.encoded:
        return [Variant("an encoded picture", card)]
    own = Values("as drafted", picture.mean, picture.std)
    known = next((values for values in KNOWN if (values.mean, values.std) == (own.mean, own.std)), own)
    scales = [known, *(values for values in KNOWN if values != known)] if picture.dtype.startswith("float") else [known]
    orders: list[Literal["rgb", "bgr"]] = ["rgb", "bgr"] if picture.colour == "rgb" else ["bgr", "rgb"]
    return [
        Variant(
            f"{colour.upper()} {values.text}" if len(scales) > 1 else colour.upper(),
            attrs.evolve(card, picture=attrs.evolve(picture, colour=colour, mean=values.mean, std=values.std)),
            (values != known) + (colour != picture.colour),
        )
        for values, colour in product(scales, orders)
    ]


def label_variants(variant: Variant) -> Iterator[Variant]:
    """The labels moved by one: where a list of names leaves open whether the first class is number 0 or 1."""
    numbers = [label.model_id for label in variant.card.labels.labels]
    step = {0: 1, 1: -1}.get(min(numbers, default=-1))
    if step:
        moved = tuple(attrs.evolve(label, model_id=label.model_id + step) for label in variant.card.labels.labels)
        text = f"{variant.text}, classes from {min(numbers) + step}"
        yield Variant(text, attrs.evolve(variant.card, labels=LabelMap(moved)), variant.changes + 1)
