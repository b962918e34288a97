"""Makes the tensor of a model whose published processing can be told in a few words.

The words: ``fit`` (how a picture comes to the model's size), ``mean`` and ``std`` (one number, or one a channel, in the
order that the model reads), ``colour`` (``rgb``, ``bgr`` or ``grey``), ``size`` (where the model leaves it open).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pictures
from engines import get_shape
from PIL import Image, ImageOps

IMAGENET_MEAN = [123.675, 116.28, 103.53]
IMAGENET_STD = [58.395, 57.12, 57.375]
RANGES = {
    "0..1": (0.0, 255.0),
    "-1..1": (127.5, 127.5),
    "0..255": (0.0, 1.0),
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
}


def make_tensor(path: Path, picture: np.ndarray, words: dict[str, str]) -> np.ndarray:
    """Makes the tensor that a model's publisher makes of a picture: float32, in the shape of the model's input."""
    shape = _get_shape(path, words)
    planes = len(shape) == 4 and shape[1] in (1, 3)
    height, width = shape[2:] if planes else shape[1:3]
    fitted = FITS[words.get("fit", "stretch")](picture, width, height)
    colour = words.get("colour", "rgb")
    values = scale(pictures.make_grey(fitted) if colour == "grey" else _order(fitted, colour), words)
    if values.ndim == 3 and planes:
        values = values.transpose(2, 0, 1)
    return values.reshape([1, *shape[1:]])


def scale(values: np.ndarray, words: dict[str, str]) -> np.ndarray:
    """Scales pixels, 0 to 255, as the words say: by ``range``, or by ``mean`` and ``std``."""
    mean, deviation = RANGES[words["range"]] if "range" in words else (_read(words["mean"]), _read(words["std"]))
    return pictures.scale_values(values, mean, deviation)


def _read(word: str) -> Any:
    numbers = [float(number) for number in word.split(",")]
    return numbers[0] if len(numbers) == 1 else numbers


def _get_shape(path: Path, words: dict[str, str]) -> list[int]:
    if "shape" in words:
        return [int(size) for size in words["shape"].split("x")]
    return get_shape(path)


def _order(picture: np.ndarray, colour: str) -> np.ndarray:
    return picture[..., ::-1] if colour == "bgr" else picture


def _resize(picture: np.ndarray, width: int, height: int, how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((width, height), how))


def _crop_best(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(ImageOps.fit(Image.fromarray(picture), (width, height), Image.Resampling.LANCZOS))


def _crop_shorter(picture: np.ndarray, width: int, _height: int) -> np.ndarray:
    return pictures.crop_centre(pictures.resize_shorter(picture, width * 8 // 7, cv2.INTER_LANCZOS4), width)


def _box_white(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    return pictures.letterbox(picture, width, height, 255).canvas


def _fit_line(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Fits the height of a line of text and fills what is right of it with grey, which is 0 from -1 to 1."""
    line = pictures.stretch(picture, min(width, -(-height * picture.shape[1] // picture.shape[0])), height)
    return np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=128)


FITS = {
    "stretch": pictures.stretch,
    "bicubic": lambda picture, width, height: _resize(picture, width, height, Image.Resampling.BICUBIC),
    "lanczos": lambda picture, width, height: _resize(picture, width, height, Image.Resampling.LANCZOS),
    "crop": _crop_best,
    "shorter": _crop_shorter,
    "white": _box_white,
    "line": _fit_line,
}
