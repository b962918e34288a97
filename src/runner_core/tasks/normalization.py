"""What the numbers of a float input mean: read from the model's metadata, or guessed."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import attrs

from runner_core.frames.preprocess import PictureSpec

Three = tuple[float, float, float]


@attrs.frozen
class Normalization:
    """A way to write pixel values 0 to 255 as floats: ``(pixel - mean) / std``."""

    text: str
    mean: Three
    std: Three

    def __str__(self) -> str:
        return f"{self.text} (mean {list(self.mean)}, std {list(self.std)})"


RAW = Normalization("from 0 to 255", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
UNIT = Normalization("from 0 to 1", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
SIGNED = Normalization("from -1 to 1", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
# What torchvision's models are trained with, 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225, in pixel units.
IMAGENET = Normalization("in ImageNet's deviations", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))

KNOWN = (RAW, UNIT, SIGNED, IMAGENET)

_RANGES = {RAW: (0.0, 255.0), UNIT: (0.0, 1.0), SIGNED: (-1.0, 1.0)}
_BYTE = -128, 127  # what a quantised input that is no uint8 stores
_TOLERANCE = 0.02  # of a range


def told_values(metadata: Mapping[str, str], name: str) -> tuple[Normalization, str] | None:
    """The values of the input called ``name``, and what told: ``mean`` and ``std`` as TensorFlow Lite's metadata have
    them, or the range of ``quantization:<name>``, which engines give as ``scale,zero``. None where nothing does.
    """
    mean, std = _three(metadata.get("mean", "")), _three(metadata.get("std", ""))
    if mean and std and all(std):
        return Normalization("as the metadata normalise them", mean, std), "the metadata tell"
    match metadata.get(f"quantization:{name}", "").split(","):
        case [scale, zero]:
            least, most = ((stored - int(zero)) * float(scale) for stored in _BYTE)
            return next(((values, "its quantisation tells") for values in _RANGES if _near(least, most, values)), None)
    return None


def guessed_values(picture: PictureSpec) -> Normalization:
    """Channels first is how PyTorch exports, whose models mostly come from ImageNet; TensorFlow's take -1 to 1."""
    return IMAGENET if picture.layout == "nchw" else SIGNED


def _near(least: float, most: float, values: Normalization) -> bool:
    low, high = _RANGES[values]
    slack = (high - low) * _TOLERANCE
    return abs(least - low) <= slack and abs(most - high) <= slack


def _three(text: str) -> Three | None:
    """One number for all channels, or one a channel."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if not all(map(isfinite, numbers)):
        return None
    match numbers:
        case [same]:
            return same, same, same
        case [red, green, blue]:
            return red, green, blue
    return None
