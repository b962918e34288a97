"""DraftedInput: the picture input of a bare model, what the model tells of it, and what has to be guessed."""

from __future__ import annotations

from typing import Any

import attrs

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames.preprocess import PictureSpec
from runner_core.tasks.metadata import size_of
from runner_core.tasks.normalization import KNOWN, Values, guessed_values, told_values
from runner_core.tasks.picture_input import drafted, picture_for

RESIZED = {
    "stretch": "stretched",
    "letterbox": "letterboxed",
    "pad": "padded below or at the right",
    "crop": "cropped",
    "fit": "shrunk to fit",
}


@attrs.frozen
class DraftedInput:
    """The tensor, how a picture becomes it, and how that is known."""

    image: TensorSpec
    picture: PictureSpec
    notes: tuple[str, ...]

    def noted(self, *notes: str) -> DraftedInput:
        """The same with these notes behind the others."""
        return attrs.evolve(self, notes=(*self.notes, *notes))


def drafted_input(
    model: Signature, like: PictureSpec, usual: Values | None = None, *, sure: bool = False
) -> DraftedInput | None:
    """The model's only input, if it takes one picture in numbers; None otherwise.

    ``like`` fills in what the input's shape leaves open. A float input takes the values that the metadata tell, else
    the ``usual`` ones of the family: a guess, unless ``sure``. Without usual ones the layout lets guess.
    """
    found = drafted(model, like)
    if found is None:
        return None
    image, picture = found
    if image.shape is None:
        return None
    picture, notes = _told_picture(model, picture)
    told = DraftedInput(image, picture, (f"image is input {image.name}, the only one", *notes))
    if picture.size is not None and None in image.shape[-3:]:
        wide, high = picture.size
        told = told.noted(f"guess: the input takes any size, {wide} x {high} is usual; another goes into picture.size")
    return _with_values(told, model, usual, sure=sure) if picture.dtype.startswith("float") else told


def _told_picture(model: Signature, picture: PictureSpec) -> tuple[PictureSpec, tuple[str, ...]]:
    """With the order of colours and the resize rule that the metadata tell; a size that is not the input's is said."""
    colour, resize, pad = (model.metadata.get(key, "") for key in ("colour", "resize", "pad"))
    changes: dict[str, Any] = {}
    if colour in ("rgb", "bgr"):
        changes["colour"] = colour
    if resize in RESIZED:
        changes["resize"] = resize
    if pad.isdecimal() and int(pad) < 256:
        changes["pad"] = (int(pad),) * 3
    told = ", ".join(f"{key} {model.metadata[key]}" for key in changes)
    notes: tuple[str, ...] = (f"the metadata tell: {told}",) if told else ()
    size = size_of(model.metadata)
    if size and picture.size and size != picture.size:
        wide, high = picture.size
        notes += (f"the metadata say imgsz {model.metadata['imgsz']}, the input is {wide} x {high}: the input counts",)
    return attrs.evolve(picture, **changes), notes


def _with_values(told: DraftedInput, model: Signature, usual: Values | None, *, sure: bool) -> DraftedInput:
    if found := told_values(model.metadata, told.image.name):
        values, note = found[0], f"the input takes {_written(told.picture, found[0])}: {found[1]}"
    elif usual and sure:
        values, note = usual, f"the input takes {_written(told.picture, usual)}: so it is with this family"
    else:
        values = usual or guessed_values(told.picture)
        note = guess_note(told.picture, values)
    return attrs.evolve(told, picture=attrs.evolve(told.picture, mean=values.mean, std=values.std)).noted(note)


def picture_of(card: Card, spec: TensorSpec, model: Signature, like: PictureSpec, usual: Values) -> PictureSpec:
    """The card's own picture, or what a draft would give it. Raises TaskError where the input does not fit."""
    told = told_values(model.metadata, spec.name)
    values = told[0] if told else usual
    return picture_for(card, spec, attrs.evolve(like, mean=values.mean, std=values.std))


def guess_note(picture: PictureSpec, values: Values) -> str:
    """Says that it is a guess, and how to settle it."""
    others = "; ".join(str(other) for other in KNOWN if other != values)
    return (
        f"guess: the input takes {_written(picture, values)}; nothing in the model tells. `runner inspect --try "
        f"PICTURE` shows what each scale makes of a picture that you know: {others}; and each order of colours. A card "
        "holds them as picture.mean, .std, .colour and .resize"
    )


def _written(picture: PictureSpec, values: Values) -> str:
    return f"{picture.colour.upper()} values {values}, the picture {RESIZED[picture.resize]}"
