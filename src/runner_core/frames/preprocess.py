"""From resized pixels to a tensor. ``Frame.prepared`` calls ``resample``, then ``to_tensor``: once for each spec."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import Placement


@attrs.frozen(eq=False)
class Prepared:
    """A tensor that was made from a picture, read-only, and where the picture lies in it."""

    tensor: NDArray[np.generic]
    placement: Placement


def to_tensor(pixels: NDArray[Any], spec: PictureSpec) -> NDArray[np.generic]:
    """H x W x 3 RGB pixels, 0 to 255, in the channel order, layout, dtype and range of ``spec``; read-only.

    Copies only what has to change.
    """
    ordered = _order_channels(pixels, spec)
    if spec.invert:
        ordered = 255 - ordered
    if spec.layout == "nchw":  # while they are bytes: transposing float32 would cost four times as much
        ordered = ordered.transpose(2, 0, 1)
    tensor: NDArray[np.generic] = np.ascontiguousarray(ordered)
    if spec.dtype != "uint8":
        tensor = _normalize(tensor, spec)
    if spec.layout in ("nhw", "flat"):
        tensor = tensor.reshape(tensor.shape[:2] if spec.layout == "nhw" else -1)
    tensor = tensor[None] if spec.batched else tensor.view()
    tensor.flags.writeable = False
    return tensor


def _order_channels(pixels: NDArray[Any], spec: PictureSpec) -> NDArray[Any]:
    if spec.colour == "grey":
        return _to_grey(pixels)[..., None]
    return pixels[..., ::-1] if spec.colour == "bgr" else pixels


def _to_grey(pixels: NDArray[Any]) -> NDArray[Any]:
    """H x W luma. Source: ITU-R 601, bytes in the whole numbers of Pillow's ``Convert.c``, ``L24``."""
    if pixels.dtype != np.uint8:
        return np.asarray(pixels @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)
    wide = pixels.astype(np.uint32)
    luma = (wide[..., 0] * 19595 + wide[..., 1] * 38470 + wide[..., 2] * 7471 + 0x8000) >> 16
    return luma.astype(np.uint8)


def _normalize(pixels: NDArray[np.generic], spec: PictureSpec) -> NDArray[np.generic]:
    values = pixels.astype(np.float32)
    if any(spec.mean):
        values -= _spread_channels(spec.mean, values, spec)
    if any(part != 1.0 for part in spec.std):
        values /= _spread_channels(spec.std, values, spec)
    return values.astype(spec.dtype, copy=False)


def _spread_channels(three: tuple[float, ...], values: NDArray[np.float32], spec: PictureSpec) -> NDArray[np.float32]:
    """One number per channel, shaped to broadcast over pixels: along whole lines, since a last axis of 3 is slow."""
    numbers = np.array(three[:1] if spec.colour == "grey" else three, np.float32)
    return numbers[:, None, None] if spec.layout == "nchw" else np.tile(numbers, (values.shape[1], 1))
