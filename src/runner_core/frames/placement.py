"""Placement: where a picture lies in a tensor (stretched, letterboxed, padded, cropped), and the way back."""

from __future__ import annotations

import math

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.frames.picture_spec import PictureSpec


@attrs.frozen
class Placement:
    """Where the picture lies in the tensor: ``tensor = picture * scale + offset``, in pixels, per axis (x, y).

    ``picture`` and ``tensor`` are their (width, height).
    """

    picture: tuple[int, int]
    tensor: tuple[int, int]
    scale: tuple[float, float]
    offset: tuple[float, float]

    @property
    def is_identity(self) -> bool:
        """Whether picture and tensor have the same pixels in the same places."""
        return self.picture == self.tensor and self.scale == (1.0, 1.0) and self.offset == (0.0, 0.0)

    @property
    def content_box(self) -> tuple[int, int, int, int]:
        """The part of the tensor that the picture fills, without the padding: x1, y1, x2, y2."""
        spans = list(zip(self.picture, self.tensor, self.scale, self.offset, strict=True))
        starts = [max(0, round(offset)) for *_, offset in spans]
        ends = [min(side, round(offset) + round(length * scale)) for length, side, scale, offset in spans]
        return starts[0], starts[1], ends[0], ends[1]

    def for_picture_size(self, reduced: tuple[int, int]) -> Placement:
        """The same part of the tensor for the same picture decoded at another (width, height)."""
        ratio = [length / small for length, small in zip(self.picture, reduced, strict=True)]
        return attrs.evolve(self, picture=reduced, scale=(self.scale[0] * ratio[0], self.scale[1] * ratio[1]))

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """x, y pairs (any leading shape, last axis a multiple of 2) in picture pixels instead of the tensor's."""
        pairs = points.shape[-1] // 2
        offset, scale = np.array(self.offset * pairs), np.array(self.scale * pairs)
        converted: NDArray[np.float32] = ((points - offset) / scale).astype(np.float32)
        return converted


def find_needed_size(picture: tuple[int, int], spec: PictureSpec) -> tuple[int, int] | None:
    """The (width, height) at which the picture can be decoded without loss for ``spec``; None if all pixels count."""
    if spec.size is None:
        return spec.enough
    placement = place_picture(picture, spec)
    width, height = (math.ceil(side * scale) for side, scale in zip(picture, placement.scale, strict=True))
    return width, height


def place_picture(picture: tuple[int, int], spec: PictureSpec) -> Placement:
    """Decides where a picture of that (width, height) lies in the tensor that ``spec`` asks for."""
    if spec.size is None:
        return Placement(picture, _round_up(picture, spec.multiple), (1.0, 1.0), (0.0, 0.0))
    (width, height), (wide, high) = picture, spec.size
    across, down = wide / width, high / height
    if spec.resize == "stretch":
        return Placement(picture, spec.size, (across, down), (0.0, 0.0))
    if spec.resize == "crop":  # it fills the tensor, so nothing of it has to be whole pixels
        ratio = max(across, down)
        return Placement(picture, spec.size, (ratio, ratio), ((wide - width * ratio) / 2, (high - height * ratio) / 2))
    ratio = min(across, down)
    to_whole = math.floor if spec.rounding == "down" else round
    inner = (max(1, to_whole(width * ratio)), max(1, to_whole(height * ratio)))
    scale = (inner[0] / width, inner[1] / height)
    if spec.resize == "fit":
        return Placement(picture, _round_up(inner, spec.multiple), scale, (0.0, 0.0))
    if spec.resize == "pad":
        return Placement(picture, spec.size, scale, (0.0, 0.0))
    return Placement(picture, spec.size, scale, (float((wide - inner[0]) // 2), float((high - inner[1]) // 2)))


def _round_up(size: tuple[int, int], multiple: int) -> tuple[int, int]:
    """The (width, height) whose sides are multiples."""
    width, height = (-(-side // multiple) * multiple for side in size)
    return width, height
