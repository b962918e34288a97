"""The picture input of a model: how a picture becomes that tensor, read from the card or drafted for one.

Layout, size, dtype and batch axis come from the tensor's shape; normalisation, order of colours and resize rule from
the card, the metadata, or a guess that a note admits.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.normalization import KNOWN, Normalization
from runner_core.frames.picture_spec import PictureSpec
from runner_core.tasks.metadata import size_from_metadata
from runner_core.tasks.normalization import find_normalization, guess_normalization

Layout = Literal["nhwc", "nchw"]

DTYPES = frozenset({"uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"})
RESIZED = {
    "stretch": "stretched",
    "letterbox": "letterboxed",
    "pad": "padded below or at the right",
    "crop": "cropped",
    "fit": "shrunk to fit",
}


def is_picture_input(spec: TensorSpec) -> bool:
    """Whether a tensor can hold one picture: a string, or [1] x H x W x 3 or [1] x 3 x H x W numbers."""
    if spec.dtype == "string":
        return spec.shape is None or spec.shape in ((), (None,), (1,))
    return spec.dtype in DTYPES and (spec.shape is None or _layout_of(spec.shape) is not None)


def bind_picture(card: Card, spec: TensorSpec, like: PictureSpec) -> PictureSpec:
    """The card's own picture spec, or ``like`` with what the input's shape and dtype say filled in.

    Raises TaskError where the input does not hold a single picture, or the card's spec does not fit it.
    """
    if not is_picture_input(spec):
        raise TaskError(
            f"brain {card.name}: {spec} does not hold a single picture",
            remedy="runner feeds a string, H x W x 3 or 3 x H x W, alone or in a batch of 1",
        )
    if card.picture is not None:
        _check_picture(card, spec, card.picture)
        return card.picture
    batched = spec.shape is None or len(spec.shape) in (1, 4)
    if spec.dtype == "string":
        return PictureSpec(encoded=True, batched=batched)
    layout = _layout_of(spec.shape) or like.layout if spec.shape else like.layout
    like = attrs.evolve(like, layout=layout, dtype=spec.dtype, batched=batched)
    return attrs.evolve(like, size=_size_of(card, spec, like))


def bind_normalised_picture(
    card: Card, spec: TensorSpec, model: Signature, like: PictureSpec, usual: Normalization
) -> PictureSpec:
    """As ``bind_picture``, with the normalization that the metadata give, else the ``usual`` one of the family."""
    found = find_normalization(model.metadata, spec.name)
    normalization = found[0] if found else usual
    return bind_picture(card, spec, attrs.evolve(like, mean=normalization.mean, std=normalization.std))


def _layout_of(shape: tuple[int | None, ...]) -> Layout | None:
    """``nhwc`` or ``nchw``, the former where both fit; None where neither does."""
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[0] not in (1, None)):
        return None
    first, last = shape[-3], shape[-1]
    if last == 3 or (last is None and first != 3):
        return "nhwc"
    return "nchw" if first in (3, None) else None


def _size_of(card: Card, spec: TensorSpec, like: PictureSpec) -> tuple[int, int] | None:
    """(width, height) that the input is fixed to, free sides as ``like`` has them; None where both are free."""
    fixed = spec.shape or (None,) * 4
    height, width = fixed[-3:-1] if like.layout == "nhwc" else fixed[-2:]
    if like.size is not None:
        return width or like.size[0], height or like.size[1]
    if (height is None) != (width is None):
        raise TaskError(
            f"brain {card.name}: {spec} fixes only one side of the picture",
            remedy="give the card a picture with a size",
        )
    return None if height is None or width is None else (width, height)


def _check_picture(card: Card, spec: TensorSpec, picture: PictureSpec) -> None:
    """Raises TaskError where the card's picture is not what the input takes."""
    faults = []
    if picture.encoded != (spec.dtype == "string"):
        faults.append("encoded bytes" if picture.encoded else "pixels")
    elif not picture.encoded:
        faults += [picture.dtype] if picture.dtype != spec.dtype else []
        faults += _shape_faults(spec, picture)
    if spec.shape is not None and picture.batched != (len(spec.shape) in (1, 4)):
        faults.append("a batch axis" if picture.batched else "no batch axis")
    if faults:
        raise TaskError(
            f"brain {card.name}: the card's picture has {', '.join(faults)}, the model takes {spec}",
            remedy="correct the card's picture",
        )


def _shape_faults(spec: TensorSpec, picture: PictureSpec) -> list[str]:
    if spec.shape is None:
        return []
    width, height = picture.size or (None, None)
    wanted = (height, width, 3) if picture.layout == "nhwc" else (3, height, width)
    fixed = spec.shape[-3:]
    if all(have is None or have == want for have, want in zip(fixed, wanted, strict=True)):
        return []
    return [f"{picture.layout} {'any size' if picture.size is None else f'{width} x {height}'}"]


@attrs.frozen
class InputDraft:
    """The picture input of a model without a card: the tensor, how a picture becomes it, and how that is known."""

    image: TensorSpec
    picture: PictureSpec
    notes: tuple[str, ...]

    def with_notes(self, *notes: str) -> InputDraft:
        """The same with these notes after the others."""
        return attrs.evolve(self, notes=(*self.notes, *notes))


def draft_input(
    model: Signature, like: PictureSpec, usual: Normalization | None = None, *, sure: bool = False
) -> InputDraft | None:
    """The model's only input, if it takes one picture in numbers; None otherwise.

    ``like`` fills in what the input's shape leaves open. A float input gets the normalization that the metadata give,
    else the ``usual`` one of the family: a guess, unless ``sure``. Without a usual one it is guessed from the layout.
    """
    found = find_picture_input(model, like)
    if found is None:
        return None
    image, picture = found
    if image.shape is None:
        return None
    picture, notes = _apply_metadata(model, picture)
    draft = InputDraft(image, picture, (f"image is input {image.name}, the only one", *notes))
    if picture.size is not None and None in image.shape[-3:]:
        wide, high = picture.size
        draft = draft.with_notes(
            f"guess: the input takes any size, {wide} x {high} is usual; another goes into picture.size"
        )
    return _normalise(draft, model, usual, sure=sure) if picture.dtype.startswith("float") else draft


def find_picture_input(model: Signature, like: PictureSpec) -> tuple[TensorSpec, PictureSpec] | None:
    """The one picture input of a model and its spec, for a draft; None where there is no such input."""
    image = model.inputs[0] if len(model.inputs) == 1 else None
    if image is None or image.dtype == "string" or not is_picture_input(image):
        return None
    try:
        return image, bind_picture(Card(name="", task=""), image, like)
    except TaskError:
        return None


def _apply_metadata(model: Signature, picture: PictureSpec) -> tuple[PictureSpec, tuple[str, ...]]:
    """The picture with the colours and the resize rule of the metadata, and notes; one says if sizes contradict."""
    colour, resize, pad = (model.metadata.get(key, "") for key in ("colour", "resize", "pad"))
    changes: dict[str, Any] = {}
    if colour in ("rgb", "bgr"):
        changes["colour"] = colour
    if resize in RESIZED:
        changes["resize"] = resize
    if pad.isdecimal() and int(pad) < 256:
        changes["pad"] = (int(pad),) * 3
    read = ", ".join(f"{key} {model.metadata[key]}" for key in changes)
    notes: tuple[str, ...] = (f"the metadata say: {read}",) if read else ()
    size = size_from_metadata(model.metadata)
    if size and picture.size and size != picture.size:
        wide, high = picture.size
        notes += (f"the metadata say imgsz {model.metadata['imgsz']}, the input is {wide} x {high}: the input counts",)
    return attrs.evolve(picture, **changes), notes


def _normalise(draft: InputDraft, model: Signature, usual: Normalization | None, *, sure: bool) -> InputDraft:
    """The draft with a normalization, and a note of how it is known."""
    if found := find_normalization(model.metadata, draft.image.name):
        normalization, note = found[0], f"the input takes {_describe_input(draft.picture, found[0])}: {found[1]}"
    elif usual and sure:
        normalization, note = (
            usual,
            f"the input takes {_describe_input(draft.picture, usual)}: so it is with this family",
        )
    else:
        normalization = usual or guess_normalization(draft.picture)
        note = _describe_guess(draft.picture, normalization)
    picture = attrs.evolve(draft.picture, mean=normalization.mean, std=normalization.std)
    return attrs.evolve(draft, picture=picture).with_notes(note)


def _describe_guess(picture: PictureSpec, normalization: Normalization) -> str:
    """Says that it is a guess, and how to settle it."""
    others = "; ".join(str(other) for other in KNOWN if other != normalization)
    return (
        f"guess: the input takes {_describe_input(picture, normalization)}; nothing in the model says so. `runner "
        f"inspect --try PICTURE` shows what each scale makes of a picture that you know: {others}; and each order of "
        "colours. A card holds them as picture.mean, .std, .colour and .resize"
    )


def _describe_input(picture: PictureSpec, normalization: Normalization) -> str:
    return f"{picture.colour.upper()} values {normalization}, the picture {RESIZED[picture.resize]}"
