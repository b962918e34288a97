"""What the numbers of a float input mean: read from the model's metadata, or guessed."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from runner_core.frames.normalization import IMAGENET, RAW, SIGNED, UNIT, Normalization, Three
from runner_core.frames.picture_spec import PictureSpec

_RANGES = {RAW: (0.0, 255.0), UNIT: (0.0, 1.0), SIGNED: (-1.0, 1.0)}
_BYTE = -128, 127  # the numbers that a quantised input stores, unless it is uint8
_TOLERANCE = 0.02  # share of a range


def find_normalization(metadata: Mapping[str, str], name: str) -> tuple[Normalization, str] | None:
    """The normalization of the input called ``name`` and, for a person, what says so; None where nothing does.

    Read from ``mean`` and ``std`` as in TensorFlow Lite's metadata, else from the range of ``quantization:<name>``,
    which engines give as ``scale,zero``.
    """
    mean, std = _read_channels(metadata.get("mean", "")), _read_channels(metadata.get("std", ""))
    if mean and std and all(std):
        return Normalization("as the metadata normalise them", mean, std), "the metadata say so"
    match metadata.get(f"quantization:{name}", "").split(","):
        case [scale, zero]:
            least, most = ((stored - int(zero)) * float(scale) for stored in _BYTE)
            known = (each for each in _RANGES if _has_range(each, least, most))
            return next(((each, "its quantisation says so") for each in known), None)
    return None


def guess_normalization(picture: PictureSpec) -> Normalization:
    """PyTorch exports with channels first, and its models mostly come from ImageNet; TensorFlow's take -1 to 1."""
    if picture.colour == "grey":
        return UNIT
    return IMAGENET if picture.layout == "nchw" else SIGNED


def _has_range(normalization: Normalization, least: float, most: float) -> bool:
    low, high = _RANGES[normalization]
    slack = (high - low) * _TOLERANCE
    return abs(least - low) <= slack and abs(most - high) <= slack


def _read_channels(text: str) -> Three | None:
    """One number for all channels, or one for each; None for other text."""
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
