"""Resizing: the pixels of a tensor from those of a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import Placement

Pixels = NDArray[np.uint8]
MOST_EXACT = 128 * 128  # pixels of a tensor
NEARLY_WHOLE = 1e-6  # pixels that a length is from a whole number, by rounding alone
BAND_LINES = 32  # of the result, computed at a time


def resample(pixels: Pixels, placement: Placement, spec: PictureSpec) -> NDArray[Any]:
    """The H x W x 3 RGB pixels of the tensor, from the picture's: uint8, or float32 from 0 to 255 if ``unrounded``."""
    left, top, right, bottom = placement.content_box
    if (right - left, bottom - top) == placement.picture and not spec.unrounded:
        part: NDArray[Any] = pixels
    else:
        method = _resize_unrounded if spec.unrounded else _METHODS[spec.resample]
        part = method(pixels, placement)
    return surround(part, placement, spec)


def surround(part: NDArray[Any], placement: Placement, spec: PictureSpec) -> NDArray[Any]:
    """The pixels of the tensor, H x W x 3, from those of the part of it that shows the picture."""
    (wide, high), (left, top, right, bottom) = placement.tensor, placement.content_box
    if (right - left, bottom - top) == (wide, high):
        return part
    if spec.border == "edge":
        return np.pad(part, ((top, high - bottom), (left, wide - right), (0, 0)), mode="edge")
    canvas: NDArray[Any] = np.tile(np.array(spec.pad, part.dtype), (high, wide, 1))
    canvas[top:bottom, left:right] = part
    return canvas


def compute_centres(placement: Placement, axis: int) -> NDArray[np.float64]:
    """The centres of the tensor's pixels that show the picture, in picture pixels along one axis (0 is x)."""
    first, last = placement.content_box[axis], placement.content_box[axis + 2]
    length = placement.picture[axis] * placement.scale[axis]
    centres = np.arange(first, last, dtype=np.float64) + (0.5 - placement.offset[axis])
    exact = round(length) if abs(length - round(length)) < NEARLY_WHOLE else length  # for a centre on an edge
    return centres * placement.picture[axis] / exact


def _index_channels(columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """The indices of each column's three values in a line of pixels, since numpy is quicker on long lines."""
    return (columns[:, None] * 3 + np.arange(3)).ravel()


def _resize_nearest(pixels: Pixels, placement: Placement) -> Pixels:
    centres = (compute_centres(placement, axis) for axis in (0, 1))
    columns, rows = (
        along.astype(np.intp).clip(0, side - 1) for along, side in zip(centres, placement.picture, strict=True)
    )
    lines: Pixels = pixels[rows].reshape(len(rows), -1)
    return lines.take(_index_channels(columns), axis=1).reshape(len(rows), -1, 3)


def _resize_bilinear(pixels: Pixels, placement: Placement) -> Pixels:
    """Two taps per axis in 16-bit integers, a band of lines at a time so that it stays in the processor's cache.

    The little that a small network sees counts to the last bit: tensors of few pixels are OpenCV's own.
    """
    if placement.tensor[0] * placement.tensor[1] <= MOST_EXACT:
        return _resize_as_opencv(pixels, placement)
    (left, right, across), (upper, lower, down) = (_compute_taps(placement, axis) for axis in (0, 1))
    same_width = len(left) == pixels.shape[1] and not across.any()
    left, right, across = _index_channels(left), _index_channels(right), across.repeat(3)
    lines = pixels.reshape(len(pixels), -1)
    result = np.empty((len(down), len(across)), np.uint8)
    for start in range(0, len(down), BAND_LINES):
        band = slice(start, start + BAND_LINES)
        blended = blend(lines[upper[band]], lines[lower[band]], down[band, None])
        if same_width:
            result[band] = blended
        else:
            result[band] = blend(blended.take(left, axis=1), blended.take(right, axis=1), across)
    return result.reshape(len(down), -1, 3)


def _resize_as_opencv(pixels: Pixels, placement: Placement) -> Pixels:
    """To the bit as INTER_LINEAR does. Source: OpenCV, modules/imgproc/src/resize.cpp, HResizeLinear, VResizeLinear."""
    left, right, across = _compute_taps(placement, 0, 2048)
    upper, lower, down = _compute_opencv_rows(placement)
    left, right, across = _index_channels(left), _index_channels(right), across.repeat(3)
    lines, weight = pixels.reshape(len(pixels), -1), down.astype(np.int32)[:, None]
    result = np.empty((len(down), len(across)), np.uint8)
    for start in range(0, len(down), BAND_LINES):
        band = slice(start, start + BAND_LINES)
        rows, places = np.unique(np.concatenate([upper[band], lower[band]]), return_inverse=True)
        above, below = np.split(_blend_columns(lines[rows], left, right, across)[places], 2)
        result[band] = (((2048 - weight[band]) * above >> 16) + (weight[band] * below >> 16) + 2) >> 2
    return result.reshape(len(down), -1, 3)


def _compute_opencv_rows(placement: Placement) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]:
    """As ``_compute_taps`` along y, but beyond the first and the last line OpenCV blends that line with itself."""
    position = (compute_centres(placement, 1) - 0.5).astype(np.float32)
    first, last = np.floor(position).astype(np.intp), placement.picture[1] - 1
    weight = np.rint((position - first) * 2048).astype(np.uint16)
    return first.clip(0, last), (first + 1).clip(0, last), weight


def _blend_columns(
    lines: Pixels, left: NDArray[np.intp], right: NDArray[np.intp], weight: NDArray[np.uint16]
) -> NDArray[np.int32]:
    """``(first * (2048 - weight) + second * weight) >> 4``, by parts that fit into 16 bits, which is quicker."""
    first, more = lines.take(left, axis=1).astype(np.int16), lines.take(right, axis=1).astype(np.int16)
    more -= first
    first <<= 7
    first += more * (weight >> 4).astype(np.int16)
    first += more * (weight & 15).astype(np.int16) >> 4
    return first.astype(np.int32)


def _compute_taps(
    placement: Placement, axis: int, unit: int = 256
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]:
    """The indices of the two pixels around each centre, and the weight of the second in parts of ``unit``."""
    last = placement.picture[axis] - 1
    position = (compute_centres(placement, axis) - 0.5).astype(np.float32).clip(0, last)
    first = position.astype(np.intp)
    return first, np.minimum(first + 1, last), np.rint((position - first) * unit).astype(np.uint16)


def blend(first: NDArray[Any], second: NDArray[Any], weight: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Of numbers up to 255, ``weight`` 256ths of the second and the rest of the first."""
    blended: NDArray[np.uint16] = first * (256 - weight)
    blended += second * weight
    blended += 128  # so that the shift rounds
    blended >>= 8
    return blended


def _resize_with_pillow(pixels: Pixels, placement: Placement, *, method: Image.Resampling) -> Pixels:
    return np.asarray(_resize_part(Image.fromarray(pixels), placement, method))


def _resize_unrounded(pixels: Pixels, placement: Placement) -> NDArray[np.float32]:
    """Channel by channel: Pillow does not round in its float mode, which has a single channel."""
    channels = Image.fromarray(pixels).split()
    planes = [_resize_part(channel.convert("F"), placement, Image.Resampling.BILINEAR) for channel in channels]
    return np.array([np.asarray(plane) for plane in planes]).transpose(1, 2, 0)


def _resize_part(image: Image.Image, placement: Placement, method: Image.Resampling) -> Image.Image:
    left, top, right, bottom = placement.content_box
    (x1, y1), (x2, y2) = placement.to_picture(np.array([[left, top], [right, bottom]], np.float64)).tolist()
    box = (x1, y1, min(x2, placement.picture[0]), min(y2, placement.picture[1]))
    return image.resize((right - left, bottom - top), method, box=box)


_METHODS: dict[str, Callable[[Pixels, Placement], Pixels]] = {
    "bilinear": _resize_bilinear,
    "antialias": partial(_resize_with_pillow, method=Image.Resampling.BILINEAR),
    "area": partial(_resize_with_pillow, method=Image.Resampling.BOX),
    "nearest": _resize_nearest,
    "opencv": _resize_as_opencv,
    "lanczos": partial(_resize_with_pillow, method=Image.Resampling.LANCZOS),
}
