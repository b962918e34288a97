"""Which picture an input tensor wants: its layout, size, dtype and batch axis, read from its shape."""

from __future__ import annotations

from typing import Literal

import attrs

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.preprocess import PictureSpec

Layout = Literal["nhwc", "nchw"]

DTYPES = frozenset({"uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"})


def is_picture(spec: TensorSpec) -> bool:
    """Whether a tensor can hold one picture: a string, or [1] x H x W x 3 or [1] x 3 x H x W numbers."""
    if spec.dtype == "string":
        return spec.shape is None or spec.shape in ((), (None,), (1,))
    return spec.dtype in DTYPES and (spec.shape is None or _layout(spec.shape) is not None)


def picture_for(card: Card, spec: TensorSpec, like: PictureSpec) -> PictureSpec:
    """The card's own picture spec, or ``like`` with what the input's shape and dtype say filled in.

    Raises TaskError where the input holds no single picture, or the card's spec does not fit it.
    """
    if not is_picture(spec):
        raise TaskError(
            f"brain {card.name}: {spec} holds no single picture",
            remedy="runner feeds a string, H x W x 3 or 3 x H x W, alone or in a batch of 1",
        )
    if card.picture is not None:
        _check(card, spec, card.picture)
        return card.picture
    batched = spec.shape is None or len(spec.shape) in (1, 4)
    if spec.dtype == "string":
        return PictureSpec(encoded=True, batched=batched)
    layout = _layout(spec.shape) or like.layout if spec.shape else like.layout
    like = attrs.evolve(like, layout=layout, dtype=spec.dtype, batched=batched)
    return attrs.evolve(like, size=_size(card, spec, like))


def drafted(model: Signature, like: PictureSpec) -> tuple[TensorSpec, PictureSpec] | None:
    """The one picture input of a model and what it gets, for a draft; None where there is no such input."""
    image = model.inputs[0] if len(model.inputs) == 1 else None
    if image is None or image.dtype == "string" or not is_picture(image):
        return None
    try:
        return image, picture_for(Card(name="", task=""), image, like)
    except TaskError:
        return None


def _layout(shape: tuple[int | None, ...]) -> Layout | None:
    """``nhwc`` or ``nchw``, the former where both fit; None where neither does."""
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[0] not in (1, None)):
        return None
    first, last = shape[-3], shape[-1]
    if last == 3 or (last is None and first != 3):
        return "nhwc"
    return "nchw" if first in (3, None) else None


def _size(card: Card, spec: TensorSpec, like: PictureSpec) -> tuple[int, int] | None:
    """(width, height) that the input is fixed to, free sides as ``like`` has them; None where both are free."""
    fixed = spec.shape or (None,) * 4
    height, width = fixed[-3:-1] if like.layout == "nhwc" else fixed[-2:]
    if like.size is not None:
        return width or like.size[0], height or like.size[1]
    if (height is None) != (width is None):
        raise TaskError(
            f"brain {card.name}: {spec} fixes one side of the picture alone",
            remedy="give the card a picture with a size",
        )
    return None if height is None or width is None else (width, height)


def _check(card: Card, spec: TensorSpec, picture: PictureSpec) -> None:
    """Raises TaskError where the card's picture is not what the input takes."""
    faults = []
    if picture.encoded != (spec.dtype == "string"):
        faults.append("encoded bytes" if picture.encoded else "pixels")
    elif not picture.encoded:
        faults += [picture.dtype] if picture.dtype != spec.dtype else []
        faults += _misfits(spec, picture)
    if spec.shape is not None and picture.batched != (len(spec.shape) in (1, 4)):
        faults.append("a batch axis" if picture.batched else "no batch axis")
    if faults:
        raise TaskError(
            f"brain {card.name}: the card's picture has {', '.join(faults)}, the model takes {spec}",
            remedy="mend the card",
        )


def _misfits(spec: TensorSpec, picture: PictureSpec) -> list[str]:
    if spec.shape is None:
        return []
    width, height = picture.size or (None, None)
    wanted = (height, width, 3) if picture.layout == "nhwc" else (3, height, width)
    fixed = spec.shape[-3:]
    if all(have is None or have == want for have, want in zip(fixed, wanted, strict=True)):
        return []
    return [f"{picture.layout} {'any size' if picture.size is None else f'{width} x {height}'}"]
