"""The picture input of a bare model: what the model tells of it, and what has to be guessed."""

from __future__ import annotations

import attrs

from runner_core.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.picture import PictureSpec
from runner_detection.picture_input import drafted, picture_for
from runner_detection.values import Values, told_values

RESIZED = {"stretch": "stretched", "letterbox": "letterboxed", "crop": "cropped", "fit": "shrunk to fit"}


@attrs.frozen
class DraftedInput:
    """The tensor, how a picture becomes it, and how that is known."""

    image: TensorSpec
    picture: PictureSpec
    notes: tuple[str, ...]


def drafted_input(model: Signature, like: PictureSpec, usual: Values, *, sure: bool = False) -> DraftedInput | None:
    """The model's only input, if it takes one picture in numbers; None otherwise.

    ``like`` fills in what the input's shape leaves open. A float input takes the values that the metadata tell, else
    the ``usual`` ones of the family: a guess, unless ``sure``.
    """
    found = drafted(model, like)
    if found is None or found[0].shape is None:
        return None
    image, picture = found
    facts = [f"image is input {image.name}, the only one"]
    if picture.size is not None and None in (image.shape or ())[-3:]:
        wide, high = picture.size
        facts.append(f"guess: the input takes any size, {wide} x {high} is usual; another goes into picture.size")
    if not picture.dtype.startswith("float"):
        return DraftedInput(image, picture, tuple(facts))
    told = told_values(model.metadata, image.name)
    values, how = told or (usual, "so it is with this family")
    facts.append(f"the input takes {_written(picture, values)}: {how}" if told or sure else guess_note(picture, usual))
    return DraftedInput(image, attrs.evolve(picture, mean=values.mean, std=values.std), tuple(facts))


def picture_of(card: Card, spec: TensorSpec, model: Signature, like: PictureSpec, usual: Values) -> PictureSpec:
    """The card's own picture, or what a draft would give it. Raises TaskError where the input does not fit."""
    told = told_values(model.metadata, spec.name)
    values = told[0] if told else usual
    return picture_for(card, spec, attrs.evolve(like, mean=values.mean, std=values.std))


def guess_note(picture: PictureSpec, values: Values) -> str:
    """Says that it is a guess, and how to settle it."""
    return (
        f"guess: the input takes {_written(picture, values)}; nothing in the model tells. A picture that you know "
        "settles it: where the answers are poor, put others into picture.mean, .std, .colour or .resize"
    )


def _written(picture: PictureSpec, values: Values) -> str:
    return f"{picture.colour.upper()} values {values}, the picture {RESIZED[picture.resize]}"
