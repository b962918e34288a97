"""From a picture to a tensor: the picture spec and how it is applied.

A spec is data. A codec chooses one at bind time; ``Frame.prepared`` applies it here, once per frame.
"""

from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Resize = Literal["stretch", "letterbox", "crop", "fit"]
Resample = Literal["bilinear", "area", "nearest"]

_FILTERS = {"area": Image.Resampling.BOX, "nearest": Image.Resampling.NEAREST}


@attrs.frozen
class PictureSpec:
    """What a model wants of a picture.

    ``size``      (width, height) of the tensor in pixels; None takes the picture as it is.
    ``resize``    ``stretch`` to the size; ``letterbox``: keep proportions, pad with ``pad`` around the middle;
                  ``crop``: keep proportions, cut what is over; ``fit``: keep proportions, no padding, so that
                  the tensor may be smaller than ``size`` on one side.
    ``resample``  ``bilinear``: two taps an axis, no antialiasing, half-pixel centres, as OpenCV's INTER_LINEAR
                  and ``tf.image.resize`` do; ``area``: mean over the covered area; ``nearest``.
    ``colour``    order of the channels; ``layout`` order of the axes.
    ``dtype``     of the tensor. Unless it is uint8, values are ``(pixel - mean) / std``: mean and std are in pixel
                  units (0 to 255), in the tensor's channel order.
    ``batched``   whether the tensor has a leading axis of 1.
    ``encoded``   the tensor holds the encoded file as bytes instead; of the rest only ``batched`` counts.
    """

    size: tuple[int, int] | None = None
    resize: Resize = attrs.field(
        default="stretch", validator=attrs.validators.in_(("stretch", "letterbox", "crop", "fit"))
    )
    resample: Resample = attrs.field(
        default="bilinear", validator=attrs.validators.in_(("bilinear", "area", "nearest"))
    )
    colour: Literal["rgb", "bgr"] = attrs.field(default="rgb", validator=attrs.validators.in_(("rgb", "bgr")))
    layout: Literal["nhwc", "nchw"] = attrs.field(default="nhwc", validator=attrs.validators.in_(("nhwc", "nchw")))
    dtype: str = "uint8"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pad: tuple[int, int, int] = (0, 0, 0)
    batched: bool = True
    encoded: bool = False

    @property
    def shape(self) -> tuple[object, ...]:
        """All that decides the resized pixels; specs that differ elsewhere share them."""
        return (self.size, self.resize, self.resample, self.pad)


@attrs.frozen
class Placement:
    """Where the picture lies in the tensor: ``tensor = picture * scale + offset``, in pixels, per axis (x, y)."""

    picture: tuple[int, int]
    tensor: tuple[int, int]
    scale: tuple[float, float]
    offset: tuple[float, float]

    @property
    def identity(self) -> bool:
        return self.picture == self.tensor and self.scale == (1.0, 1.0) and self.offset == (0.0, 0.0)

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Carries x, y pairs (any leading shape, last axis a multiple of 2) from tensor to picture pixels."""
        pairs = points.shape[-1] // 2
        offset, scale = np.tile(self.offset, pairs), np.tile(self.scale, pairs)
        moved: NDArray[np.float32] = ((points - offset) / scale).astype(np.float32)
        return moved


@attrs.frozen(eq=False)
class Prepared:
    """A tensor made from a picture, read-only, and where the picture lies in it."""

    tensor: NDArray[np.generic]
    placement: Placement


def place(picture: tuple[int, int], spec: PictureSpec) -> Placement:
    """Says where a picture of that (width, height) goes in the tensor that ``spec`` asks for."""
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
    return Placement(picture, spec.size, scale, (float((wide - inner[0]) // 2), float((high - inner[1]) // 2)))


def resample(image: Image.Image, placement: Placement, spec: PictureSpec) -> NDArray[np.uint8]:
    """Gives the H x W x 3 uint8 RGB pixels of the tensor for an RGB image."""
    wide, high = placement.tensor
    left, top = (int(value) for value in placement.offset)
    inner = round(image.width * placement.scale[0]), round(image.height * placement.scale[1])
    shown = max(0, left), max(0, top), min(wide, left + inner[0]), min(high, top + inner[1])
    part = _scaled(image, placement, shown, spec.resample)
    if part.size == placement.tensor:
        return np.asarray(part)
    canvas = Image.new("RGB", placement.tensor, spec.pad)
    canvas.paste(part, shown[:2])
    return np.asarray(canvas)


def _scaled(image: Image.Image, placement: Placement, shown: tuple[int, int, int, int], how: Resample) -> Image.Image:
    """The part ``shown`` (xyxy in tensor pixels) of the scaled image."""
    size = shown[2] - shown[0], shown[3] - shown[1]
    (sx, sy), (ox, oy) = placement.scale, placement.offset
    x0, y0 = (shown[0] - ox) / sx, (shown[1] - oy) / sy
    if how == "bilinear":
        # Pillow's resize() antialiases; its affine transform takes two taps an axis from half-pixel centres.
        return image.transform(size, Image.Transform.AFFINE, (1 / sx, 0, x0, 0, 1 / sy, y0), Image.Resampling.BILINEAR)
    box = (x0, y0, min(image.width, x0 + size[0] / sx), min(image.height, y0 + size[1] / sy))
    return image.resize(size, _FILTERS[how], box=box)


def as_tensor(pixels: NDArray[np.uint8], spec: PictureSpec) -> NDArray[np.generic]:
    """Orders, scales and lays out H x W x 3 uint8 RGB pixels as ``spec`` says; no copy where none is needed."""
    tensor: NDArray[np.generic] = pixels[..., ::-1] if spec.colour == "bgr" else pixels
    if spec.dtype != "uint8":
        tensor = _normalised(tensor, spec)
    if spec.layout == "nchw":
        tensor = tensor.transpose(2, 0, 1)
    tensor = np.ascontiguousarray(tensor[None] if spec.batched else tensor)
    tensor.flags.writeable = False
    return tensor


def _normalised(pixels: NDArray[np.generic], spec: PictureSpec) -> NDArray[np.generic]:
    values = pixels.astype(np.float32)
    if any(spec.mean):
        values -= np.asarray(spec.mean, np.float32)
    if any(part != 1.0 for part in spec.std):
        values /= np.asarray(spec.std, np.float32)
    return values.astype(spec.dtype, copy=False)
