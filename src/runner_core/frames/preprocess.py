"""From a picture to a tensor: the picture spec, and where it puts the picture.

A spec is data. A codec chooses one when it is bound; ``Frame.prepared`` applies it, once per frame: ``resample``, then
``to_tensor``.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

Resize = Literal["stretch", "letterbox", "pad", "crop", "fit"]
Resample = Literal["bilinear", "antialias", "area", "nearest"]


@attrs.frozen
class PictureSpec:
    """How a picture becomes a model's input tensor.

    ``size``      (width, height) of the tensor in pixels; None takes the picture as it is.
    ``resize``    ``stretch`` to the size; ``letterbox``: keep proportions, pad with ``pad`` around the middle;
                  ``pad``: likewise, with all padding at the right and below; ``crop``: keep proportions, cut off what
                  is too much; ``fit``: keep proportions, no padding, so that the tensor may be smaller than ``size``
                  on one side.
    ``resample``  ``bilinear``: two taps per axis, no antialiasing, half-pixel centres, as OpenCV's INTER_LINEAR
                  and ``tf.image.resize`` do; ``antialias``: a triangle filter over the covered area, bytes as Pillow's
                  BILINEAR, other numbers unrounded as ``tf.image.resize(..., antialias=True)``; ``area``: mean over the
                  covered area; ``nearest``: the pixel under the centre, as ``tf.image.resize`` and OpenCV's
                  INTER_NEAREST_EXACT do.
    ``colour``    order of the channels; ``layout`` order of the axes.
    ``dtype``     of the tensor. Unless it is uint8, values are ``(pixel - mean) / std``: mean and std are in pixel
                  units (0 to 255), in the tensor's channel order.
    ``batched``   whether the tensor has a leading axis of 1.
    ``encoded``   the tensor holds the encoded file as bytes instead; of the other fields only ``batched`` counts.
    ``enough``    (width, height) to which the model itself stretches a picture of any size, if that is known: a
                  larger picture adds nothing.
    """

    size: tuple[int, int] | None = None
    resize: Resize = attrs.field(
        default="stretch", validator=attrs.validators.in_(("stretch", "letterbox", "pad", "crop", "fit"))
    )
    resample: Resample = attrs.field(
        default="bilinear", validator=attrs.validators.in_(("bilinear", "antialias", "area", "nearest"))
    )
    colour: Literal["rgb", "bgr"] = attrs.field(default="rgb", validator=attrs.validators.in_(("rgb", "bgr")))
    layout: Literal["nhwc", "nchw"] = attrs.field(default="nhwc", validator=attrs.validators.in_(("nhwc", "nchw")))
    dtype: str = "uint8"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pad: tuple[int, int, int] = (0, 0, 0)
    batched: bool = True
    encoded: bool = False
    enough: tuple[int, int] | None = None

    def __attrs_post_init__(self) -> None:
        if self.size is not None and min(self.size) < 1:
            raise ValueError(f"size is {self.size}: both sides must be at least 1")
        if not all(0 <= part <= 255 for part in self.pad):
            raise ValueError(f"pad is {self.pad}: each channel must be from 0 to 255")
        if not all(self.std):
            raise ValueError(f"std is {self.std}: pixels cannot be divided by 0")
        _check_dtype(self.dtype)

    def __str__(self) -> str:
        if self.encoded:
            return "encoded bytes"
        size = f"{self.size[0]} x {self.size[1]} {self.resize} {self.resample}" if self.size else "as decoded"
        scaled = self.dtype != "uint8" and (self.mean, self.std) != ((0.0,) * 3, (1.0,) * 3)
        less = f", less {_format_channels(self.mean)}, by {_format_channels(self.std)}" if scaled else ""
        return f"{size} {self.colour} {self.layout} {self.dtype}{less}"

    @property
    def resize_key(self) -> tuple[object, ...]:
        """Everything that decides the resized pixels: specs with the same key share them."""
        return (self.size, self.resize, self.resample, self.pad, self.unrounded)

    @property
    def unrounded(self) -> bool:
        """Whether the resized pixels are float32."""
        return self.resample == "antialias" and self.dtype != "uint8"


def _format_channels(three: tuple[float, float, float]) -> str:
    """The numbers as text; a single one if all three are equal."""
    return " ".join(f"{part:g}" for part in (three[:1] if len(set(three)) == 1 else three))


def _check_dtype(name: str) -> None:
    try:
        known = np.dtype(name).kind in "uif"
    except TypeError:
        known = False
    if not known:
        raise ValueError(f"dtype is {name!r}: not a numpy dtype of numbers")


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
        offset, scale = np.tile(self.offset, pairs), np.tile(self.scale, pairs)
        converted: NDArray[np.float32] = ((points - offset) / scale).astype(np.float32)
        return converted


@attrs.frozen(eq=False)
class Prepared:
    """A tensor that was made from a picture, read-only, and where the picture lies in it."""

    tensor: NDArray[np.generic]
    placement: Placement


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
        return Placement(picture, picture, (1.0, 1.0), (0.0, 0.0))
    (width, height), (wide, high) = picture, spec.size
    across, down = wide / width, high / height
    if spec.resize == "stretch":
        return Placement(picture, spec.size, (across, down), (0.0, 0.0))
    ratio = max(across, down) if spec.resize == "crop" else min(across, down)
    inner = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    scale = (inner[0] / width, inner[1] / height)
    if spec.resize == "fit":
        return Placement(picture, inner, scale, (0.0, 0.0))
    if spec.resize == "pad":
        return Placement(picture, spec.size, scale, (0.0, 0.0))
    return Placement(picture, spec.size, scale, (float((wide - inner[0]) // 2), float((high - inner[1]) // 2)))


def to_tensor(pixels: NDArray[Any], spec: PictureSpec) -> NDArray[np.generic]:
    """H x W x 3 RGB pixels, 0 to 255, in the channel order, layout, dtype and range of ``spec``; read-only.

    Copies only what has to change.
    """
    ordered = pixels[..., ::-1] if spec.colour == "bgr" else pixels
    if spec.layout == "nchw":  # while they are bytes: transposing float32 would cost four times as much
        ordered = ordered.transpose(2, 0, 1)
    tensor: NDArray[np.generic] = np.ascontiguousarray(ordered)
    if spec.dtype != "uint8":
        tensor = _normalize(tensor, spec)
    tensor = tensor[None] if spec.batched else tensor.view()
    tensor.flags.writeable = False
    return tensor


def _normalize(pixels: NDArray[np.generic], spec: PictureSpec) -> NDArray[np.generic]:
    values = pixels.astype(np.float32)
    if any(spec.mean):
        values -= _spread_channels(spec.mean, values, spec)
    if any(part != 1.0 for part in spec.std):
        values /= _spread_channels(spec.std, values, spec)
    return values.astype(spec.dtype, copy=False)


def _spread_channels(three: tuple[float, ...], values: NDArray[np.float32], spec: PictureSpec) -> NDArray[np.float32]:
    """One number per channel, shaped to broadcast over pixels: along whole lines, since a last axis of 3 is slow."""
    numbers = np.array(three, np.float32)
    return numbers[:, None, None] if spec.layout == "nchw" else np.tile(numbers, (values.shape[1], 1))
