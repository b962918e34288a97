"""Which picture an input tensor can hold, by its shape."""

from __future__ import annotations

from math import isqrt

import attrs

from runner_core.contracts import TensorSpec
from runner_core.frames.picture_spec import Colour, Layout, PictureSpec

DTYPES = frozenset({"uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"})
LEAST_SIDE = 16  # of a picture whose tensor has no axis of channels: shorter ones are lists of numbers

Side = int | None  # None: any length


@attrs.frozen
class InputShape:
    """How a tensor's shape lays out one picture; ``height`` and ``width`` are None where they are free."""

    layout: Layout
    grey: bool
    batched: bool
    height: Side
    width: Side

    def fill(self, like: PictureSpec) -> PictureSpec:
        """``like`` in this layout, with the channels and the batch axis of the tensor."""
        colour: Colour = "grey" if self.grey else "rgb" if like.colour == "grey" else like.colour
        return attrs.evolve(like, layout=self.layout, colour=colour, batched=self.batched)


def is_picture_input(spec: TensorSpec) -> bool:
    """Whether a tensor can hold one picture: a string, or numbers in one of the shapes that ``read_shape`` knows."""
    if spec.dtype == "string":
        return spec.shape is None or spec.shape in ((), (None,), (1,))
    return spec.dtype in DTYPES and (spec.shape is None or read_shape(spec.shape) is not None)


def takes_four_channels(spec: TensorSpec) -> bool:
    """Whether a tensor wants one channel more than a picture has: H x W x 4 or 4 x H x W, in a batch."""
    return spec.shape is not None and len(spec.shape) == 4 and 4 in (spec.shape[1], spec.shape[3])


def read_shape(shape: tuple[Side, ...]) -> InputShape | None:
    """[1] x H x W x C or [1] x C x H x W, C being 3, or 1 for grey; 1 x H x W and 1 x (H * W) for square grey pictures.

    Channels last where both fit. None for other shapes.
    """
    if len(shape) in (3, 4) and (len(shape) == 3 or shape[0] in (1, None)):
        found = _read_channels(shape[-3:], batched=len(shape) == 4)
        if found:
            return found
    if len(shape) == 2 and shape[0] in (1, None) and shape[1]:
        side = isqrt(shape[1])
        return InputShape("flat", True, True, side, side) if side >= LEAST_SIDE and side * side == shape[1] else None
    return None


def _read_channels(three: tuple[Side, ...], *, batched: bool) -> InputShape | None:
    first, middle, last = three
    if last == 3 or (last is None and first not in (1, 3)):
        return InputShape("nhwc", False, batched, first, middle)
    if first == 3 or (first is None and last != 1 and batched):
        return InputShape("nchw", False, batched, middle, last)
    if last == 1:
        return InputShape("nhwc", True, batched, first, middle)
    if batched:
        return InputShape("nchw", True, batched, middle, last) if first == 1 else None
    square = middle == last and middle is not None and middle >= LEAST_SIDE
    return InputShape("nhw", True, True, middle, last) if first in (1, None) and square else None
