"""The picture input of a bare model: what the model tells of it, and what has to be guessed."""

from __future__ import annotations

import attrs

from runner_core.contracts import Signature, TensorSpec
from runner_core.picture import PictureSpec
from runner_segmentation.picture_input import drafted
from runner_segmentation.values import Values, guess_note, guessed_values, told_values


@attrs.frozen
class DraftedInput:
    """The tensor, how a picture becomes it, and how that is known."""

    image: TensorSpec
    picture: PictureSpec
    notes: tuple[str, ...]

    def noted(self, *notes: str) -> DraftedInput:
        return attrs.evolve(self, notes=(*self.notes, *notes))


def drafted_input(model: Signature, like: PictureSpec, values: Values | None = None) -> DraftedInput | None:
    """The model's only input, if it takes one picture; where its shape is silent, the picture is ``like``.

    ``values`` are those that a float input of the family is known to take; None asks the metadata, then guesses.
    """
    found = drafted(model, like)
    if found is None:
        return None
    image, picture = found
    if image.shape is None:
        return None
    told = DraftedInput(image, picture, (f"image is input {image.name}, the only one",))
    if picture.size is not None and None in image.shape[-3:]:
        wide, high = picture.size
        told = told.noted(f"guess: the input takes any size, {wide} x {high} is usual; another goes into picture.size")
    return _with_values(told, model, values) if picture.dtype.startswith("float") else told


def _with_values(told: DraftedInput, model: Signature, known: Values | None) -> DraftedInput:
    if known:
        values, note = known, f"the input takes RGB values {known}: so it is with this family"
    elif found := told_values(model.metadata, told.image.name):
        values, note = found[0], f"the input takes RGB values {found[0]}: {found[1]}"
    else:
        values = guessed_values(told.picture)
        note = guess_note(values)
    return attrs.evolve(told, picture=attrs.evolve(told.picture, mean=values.mean, std=values.std)).noted(note)
