"""PictureSpec: how a picture becomes a model's input tensor, as data that a codec chooses when it is bound."""

from __future__ import annotations

from typing import Literal, get_args

import attrs
import numpy as np

Resize = Literal["stretch", "letterbox", "pad", "crop", "fit"]
Resample = Literal["bilinear", "antialias", "area", "nearest", "lanczos", "opencv"]
Colour = Literal["rgb", "bgr", "grey"]
Layout = Literal["nhwc", "nchw", "nhw", "flat"]
Rounding = Literal["nearest", "down"]
Border = Literal["pad", "edge"]
RESIZES, RESAMPLES, ROUNDINGS = get_args(Resize), get_args(Resample), get_args(Rounding)
COLOURS, LAYOUTS, BORDERS = get_args(Colour), get_args(Layout), get_args(Border)

# No model takes more: a card that asks for it would have the memory filled with one tensor.
_MOST_PIXELS, _MOST_MULTIPLE = 1 << 27, 1 << 12


@attrs.frozen
class PictureSpec:
    """How a picture becomes a model's input tensor.

    ``size``      (width, height) of the tensor in pixels; None takes the picture as it is.
    ``resize``    ``stretch`` to the size; ``letterbox``: keep proportions, pad with ``pad`` around the middle;
                  ``pad``: likewise, with all padding at the right and below; ``crop``: keep proportions, cut off what
                  is too much; ``fit``: keep proportions, no padding, so that the tensor may be smaller than ``size``
                  on one side.
    ``rounding``  how sides that keep proportions become whole pixels: to the ``nearest``; ``down``, as ``int()`` does.
    ``multiple``  where the tensor's size follows the picture (no ``size``, or ``fit``): its sides are multiples of so
                  many pixels, padded with ``pad`` at the right and below.
    ``resample``  ``bilinear``: two taps per axis, no antialiasing, half-pixel centres, as OpenCV's INTER_LINEAR
                  and ``tf.image.resize`` do; ``antialias``: a triangle filter over the covered area, bytes as Pillow's
                  BILINEAR, other numbers unrounded as ``tf.image.resize(..., antialias=True)``; ``area``: mean over the
                  covered area; ``nearest``: the pixel under the centre, as ``tf.image.resize`` and OpenCV's
                  INTER_NEAREST_EXACT do; ``lanczos``: Pillow's LANCZOS; ``opencv``: INTER_LINEAR to the bit, from which
                  ``bilinear`` differs by two grey levels at most and takes two thirds of the time.
    ``colour``    order of the channels: ``rgb``, ``bgr``; or ``grey``, one channel of ITU-R 601 luma, as Pillow's "L".
    ``layout``    order of the axes: ``nhwc``, ``nchw``; without an axis of channels ``nhw``, in one line ``flat`` (n,
                  h * w), both for grey alone.
    ``invert``    whether the pixels are 255 less the picture's: digits written light on dark want that of a scan.
    ``dtype``     of the tensor. Unless it is uint8, values are ``(pixel - mean) / std``: mean and std are in pixel
                  units (0 to 255), in the tensor's channel order.
    ``border``    what surrounds a picture that does not fill the tensor: the colour ``pad``, or its ``edge``, the
                  outermost pixels again and again.
    ``batched``   whether the tensor has a leading axis of 1.
    ``encoded``   the tensor holds the encoded file as bytes instead; of the other fields only ``batched`` counts.
    ``enough``    (width, height) to which the model itself stretches a picture of any size, if that is known: a
                  larger picture adds nothing.
    """

    size: tuple[int, int] | None = None
    resize: Resize = attrs.field(default="stretch", validator=attrs.validators.in_(RESIZES))
    rounding: Rounding = attrs.field(default="nearest", validator=attrs.validators.in_(ROUNDINGS))
    multiple: int = 1
    resample: Resample = attrs.field(default="bilinear", validator=attrs.validators.in_(RESAMPLES))
    colour: Colour = attrs.field(default="rgb", validator=attrs.validators.in_(COLOURS))
    layout: Layout = attrs.field(default="nhwc", validator=attrs.validators.in_(LAYOUTS))
    dtype: str = "uint8"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pad: tuple[int, int, int] = (0, 0, 0)
    border: Border = attrs.field(default="pad", validator=attrs.validators.in_(BORDERS))
    invert: bool = False
    batched: bool = True
    encoded: bool = False
    enough: tuple[int, int] | None = None

    def __attrs_post_init__(self) -> None:
        if self.size is not None and min(self.size) < 1:
            raise ValueError(f"size is {self.size}: both sides must be at least 1")
        if self.size is not None and self.size[0] * self.size[1] > _MOST_PIXELS:
            raise ValueError(f"size is {self.size}: more than {_MOST_PIXELS} pixels")
        if not 1 <= self.multiple <= _MOST_MULTIPLE:
            raise ValueError(f"multiple is {self.multiple}: it must be from 1 to {_MOST_MULTIPLE}")
        if not all(0 <= part <= 255 for part in self.pad):
            raise ValueError(f"pad is {self.pad}: each channel must be from 0 to 255")
        if not all(self.std):
            raise ValueError(f"std is {self.std}: pixels cannot be divided by 0")
        if self.layout in ("nhw", "flat") and self.colour != "grey":
            raise ValueError(f"layout is {self.layout}, which has one channel, and colour is {self.colour}, not grey")
        _check_dtype(self.dtype)

    def __str__(self) -> str:
        if self.encoded:
            return "encoded bytes"
        size = f"{self.size[0]} x {self.size[1]} {self.resize} {self.resample}" if self.size else "as decoded"
        size += f" to multiples of {self.multiple}" if self.multiple > 1 else ""
        scaled = self.dtype != "uint8" and (self.mean, self.std) != ((0.0,) * 3, (1.0,) * 3)
        less = f", less {_format_channels(self.mean)}, by {_format_channels(self.std)}" if scaled else ""
        inverted = "inverted " if self.invert else ""
        return f"{size} {inverted}{self.colour} {self.layout} {self.dtype}{less}"

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Of the tensor; None for a free side."""
        width, height = self.size or (None, None)
        channels = 1 if self.colour == "grey" else 3
        sides: dict[str, tuple[int | None, ...]] = {
            "nhwc": (height, width, channels),
            "nchw": (channels, height, width),
            "nhw": (height, width),
            "flat": (height * width if height and width else None,),
        }
        return (1, *sides[self.layout]) if self.batched else sides[self.layout]

    @property
    def resize_key(self) -> tuple[object, ...]:
        """Everything that decides the resized pixels: specs with the same key share them."""
        around = self.pad if self.border == "pad" else self.border
        return (self.size, self.resize, self.rounding, self.multiple, self.resample, around, self.unrounded)

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
