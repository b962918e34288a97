"""The picture input of a model: how a picture becomes that tensor, by its card, its metadata and its shape."""

from __future__ import annotations

import attrs

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.normalization import Normalization
from runner_core.frames.picture_spec import PictureSpec
from runner_core.tasks.input_shape import InputShape, is_picture_input, read_shape, takes_four_channels
from runner_core.tasks.normalization import find_normalization

_UNKNOWN = InputShape("nhwc", False, True, None, None)


def bind_picture(card: Card, spec: TensorSpec, like: PictureSpec) -> PictureSpec:
    """The card's own picture spec, or ``like`` with what the input's shape and dtype say filled in.

    Raises TaskError where the input does not hold a single picture, or the card's spec does not fit it.
    """
    if not is_picture_input(spec):
        raise TaskError(f"brain {card.name}: {spec} does not hold a single picture", remedy=_explain_refusal(spec))
    if card.picture is not None:
        _check_picture(card, spec, card.picture)
        return card.picture
    if spec.dtype == "string":
        return PictureSpec(encoded=True, batched=spec.shape is None or len(spec.shape) == 1)
    shape = read_shape(spec.shape) if spec.shape else attrs.evolve(_UNKNOWN, layout=like.layout)
    shape = shape or _UNKNOWN
    size = _size_of(card, spec, shape, like)
    try:
        return attrs.evolve(shape.fill(like), dtype=spec.dtype, size=size)
    except ValueError as error:  # more pixels than there is memory for
        raise TaskError(f"brain {card.name}: {spec} holds no picture ({error})") from error


def bind_normalised_picture(
    card: Card, spec: TensorSpec, model: Signature, like: PictureSpec, usual: Normalization
) -> PictureSpec:
    """As ``bind_picture``, with the normalization that the metadata give, else the ``usual`` one of the family."""
    found = find_normalization(model.metadata, spec.name)
    normalization = found[0] if found else usual
    return bind_picture(card, spec, attrs.evolve(like, mean=normalization.mean, std=normalization.std))


def _explain_refusal(spec: TensorSpec) -> str:
    if takes_four_channels(spec):
        return "it wants four channels: runner feeds three, or one for grey; export the model without the fourth"
    return "runner feeds a string, H x W x 3 or 3 x H x W (1 for grey), alone or in a batch of 1"


def _size_of(card: Card, spec: TensorSpec, shape: InputShape, like: PictureSpec) -> tuple[int, int] | None:
    """(width, height) that the input is fixed to, free sides as ``like`` has them; None where both are free."""
    height, width = shape.height, shape.width
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
        faults += _list_shape_faults(spec, picture)
    if spec.shape is not None and spec.dtype == "string" and picture.batched != bool(spec.shape):
        faults.append("a batch axis" if picture.batched else "no batch axis")
    if faults:
        raise TaskError(
            f"brain {card.name}: the card's picture has {', '.join(faults)}, the model takes {spec}",
            remedy="correct the card's picture",
        )


def _list_shape_faults(spec: TensorSpec, picture: PictureSpec) -> list[str]:
    if spec.shape is None:
        return []
    wanted = picture.shape
    if len(wanted) != len(spec.shape):
        rank = len(spec.shape) - (picture.layout != "flat")
        if picture.layout in ("nhwc", "nchw") and rank in (2, 3):
            return ["a batch axis" if picture.batched else "no batch axis"]
        return [f"the layout {picture.layout}"]
    if all(have is None or have == want for have, want in zip(spec.shape, wanted, strict=True)):
        return []
    width, height = picture.size or (None, None)
    grey = " grey" if picture.colour == "grey" else ""
    return [f"{picture.layout}{grey} {'any size' if picture.size is None else f'{width} x {height}'}"]
