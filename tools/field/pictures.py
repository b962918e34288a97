"""How the publishers of models make a picture a tensor: RGB uint8 [height, width, 3] in, float32 out, by OpenCV or
Pillow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import cv2
import numpy as np
from PIL import Image, ImageOps


def read_picture(path: Path) -> np.ndarray:
    """Reads a picture upright: RGB uint8, [height, width, 3]."""
    with Image.open(path) as opened:
        return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))


def _resize_smoothly(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))


RESIZERS: dict[str, Callable[[np.ndarray, int, int], np.ndarray]] = {
    "linear": lambda picture, width, height: cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR),
    "smooth": _resize_smoothly,
    "area": lambda picture, width, height: cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA),
}
_resizer = "linear"


def use_resizer(name: str) -> None:
    """Chooses how ``stretch`` resizes from now on: how far an answer moves by that alone is no fault of anyone."""
    global _resizer
    _resizer = name


def stretch(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resizes to a size, whatever the shape: bilinear by OpenCV, as most publishers do, unless chosen otherwise."""
    return RESIZERS[_resizer](picture, width, height)


@attrs.frozen
class Letterbox:
    """A picture inside a larger canvas, and the way back from the canvas."""

    canvas: np.ndarray
    scale: float
    left: int
    top: int

    def restore(self, xy: np.ndarray) -> np.ndarray:
        """Gives points of the canvas, [..., 2] in its pixels, in pixels of the picture."""
        return (xy - (self.left, self.top)) / self.scale


def letterbox(
    picture: np.ndarray, width: int, height: int, fill: int | None = 114, *, centred: bool = True, cut: bool = False
) -> Letterbox:
    """Resizes to fit a canvas and fills the rest, on both sides alike or below and at the right; None: by its edges.

    ``cut``: a part of a pixel is left out, as ``int()`` does, instead of rounded.
    """
    rows, columns = picture.shape[:2]
    scale = min(width / columns, height / rows)
    to_whole = int if cut else round
    inner = (to_whole(columns * scale), to_whole(rows * scale))
    left = (width - inner[0]) // 2 if centred else 0
    top = (height - inner[1]) // 2 if centred else 0
    around = ((top, height - inner[1] - top), (left, width - inner[0] - left), (0, 0))
    how = {"mode": "edge"} if fill is None else {"constant_values": fill}
    return Letterbox(np.pad(stretch(picture, *inner), around, **how), scale, left, top)


def crop_centre(picture: np.ndarray, side: int) -> np.ndarray:
    """Takes the middle, side x side."""
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    return picture[top : top + side, left : left + side]


def resize_shorter(picture: np.ndarray, side: int, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Resizes so that the shorter side has ``side`` pixels."""
    rows, columns = picture.shape[:2]
    scale = side / min(rows, columns)
    return cv2.resize(picture, (round(columns * scale), round(rows * scale)), interpolation=interpolation)


def make_grey(picture: np.ndarray) -> np.ndarray:
    """Makes a picture grey: uint8, [height, width]."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def scale_values(picture: np.ndarray, mean: float | list[float], deviation: float | list[float]) -> np.ndarray:
    """Gives ``(value - mean) / deviation`` of each channel, float32."""
    return ((picture.astype(np.float32) - np.float32(mean)) / np.float32(deviation)).astype(np.float32)
