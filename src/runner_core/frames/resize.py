"""Resampling: the pixels of a tensor from those of a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.frames.preprocess import PictureSpec, Placement

Pixels = NDArray[np.uint8]
BAND = 32


def resample(pixels: Pixels, placement: Placement, spec: PictureSpec) -> NDArray[Any]:
    """Gives the H x W x 3 RGB pixels of the tensor for those of the picture: uint8; unrounded float32, 0 to 255."""
    (wide, high), (left, top, right, bottom) = placement.tensor, placement.shown
    method = _antialias if spec.unrounded else _METHODS[spec.resample]
    part = method(pixels, placement)
    if (right - left, bottom - top) == (wide, high):
        return part
    canvas: NDArray[Any] = np.tile(np.array(spec.pad, part.dtype), (high, wide, 1))
    canvas[top:bottom, left:right] = part
    return canvas


def _centres(placement: Placement, axis: int) -> NDArray[np.float64]:
    """Where the centres of the tensor's pixels that show the picture lie in the picture, along one axis (0: x)."""
    first, last = placement.shown[axis], placement.shown[axis + 2]
    side = placement.picture[axis]
    centres = np.arange(first, last, dtype=np.float64) + (0.5 - placement.offset[axis])
    return centres * side / round(side * placement.scale[axis])  # whole numbers, so that a centre on an edge is exact


def _channels(columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where the three values of each column lie in a line of pixels: numpy is quick at long lines."""
    return (columns[:, None] * 3 + np.arange(3)).ravel()


def _nearest(pixels: Pixels, placement: Placement) -> Pixels:
    columns, rows = (
        _centres(placement, axis).astype(np.intp).clip(0, side - 1) for axis, side in enumerate(placement.picture)
    )
    lines: Pixels = pixels[rows].reshape(len(rows), -1)
    return lines.take(_channels(columns), axis=1).reshape(len(rows), -1, 3)


def _bilinear(pixels: Pixels, placement: Placement) -> Pixels:
    """Two taps an axis in 16-bit integers, a band of lines at a time so that all stays in the processor's cache."""
    (left, right, across), (upper, lower, down) = (_taps(placement, axis) for axis in (0, 1))
    left, right, across = _channels(left), _channels(right), across.repeat(3)
    lines = pixels.reshape(len(pixels), -1)
    result = np.empty((len(down), len(across)), np.uint8)
    for start in range(0, len(down), BAND):
        band = slice(start, start + BAND)
        mixed = _mixed(lines[upper[band]], lines[lower[band]], down[band, None])
        result[band] = _mixed(mixed.take(left, axis=1), mixed.take(right, axis=1), across)
    return result.reshape(len(down), -1, 3)


def _taps(placement: Placement, axis: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]:
    """The two neighbours of each centre, and the share of the second in 256ths."""
    last = placement.picture[axis] - 1
    position = (_centres(placement, axis) - 0.5).clip(0, last)
    first = position.astype(np.intp)
    return first, np.minimum(first + 1, last), np.rint((position - first) * 256).astype(np.uint16)


def _mixed(first: NDArray[Any], second: NDArray[Any], share: NDArray[np.uint16]) -> NDArray[np.uint16]:
    mixed: NDArray[np.uint16] = first * (256 - share)
    mixed += second * share
    mixed += 128  # so that the shift rounds
    mixed >>= 8
    return mixed


def _by_pillow(pixels: Pixels, placement: Placement, *, method: Image.Resampling) -> Pixels:
    return np.asarray(_resized(Image.fromarray(pixels), placement, method))


def _antialias(pixels: Pixels, placement: Placement) -> NDArray[np.float32]:
    """Plane by plane, as Pillow rounds nothing of an image of floats, which has but one."""
    planes = [
        _resized(plane.convert("F"), placement, Image.Resampling.BILINEAR) for plane in Image.fromarray(pixels).split()
    ]
    return np.array([np.asarray(plane) for plane in planes]).transpose(1, 2, 0)


def _resized(image: Image.Image, placement: Placement, method: Image.Resampling) -> Image.Image:
    left, top, right, bottom = placement.shown
    (x1, y1), (x2, y2) = placement.to_picture(np.array([[left, top], [right, bottom]], np.float64)).tolist()
    box = (x1, y1, min(x2, placement.picture[0]), min(y2, placement.picture[1]))
    return image.resize((right - left, bottom - top), method, box=box)


_METHODS: dict[str, Callable[[Pixels, Placement], Pixels]] = {
    "bilinear": _bilinear,
    "antialias": partial(_by_pillow, method=Image.Resampling.BILINEAR),
    "area": partial(_by_pillow, method=Image.Resampling.BOX),
    "nearest": _nearest,
}
