"""What a person says of a model's picture: the range of its values, the order of its colours, how it is fitted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs

from runner_core.errors import UsageError
from runner_core.frames.normalization import IMAGENET, Normalization, Three
from runner_core.frames.picture_spec import COLOURS, RESAMPLES, RESIZES, PictureSpec

_RANGE = re.compile(r"(-?[0-9.]+)\.\.(-?[0-9.]+)")
_SIZE = re.compile(r"([0-9]+)(?:x([0-9]+))?")


@attrs.frozen
class PictureOptions:
    """What replaces parts of a picture spec; None leaves a part as it is.

    ``range``   what pixels of 0 to 255 become: ``0..1``, ``-1..1``, ``0..255``, or ``imagenet``.
    ``mean``    and ``std``: ``(pixel - mean) / std``, one number or three in the tensor's order of channels; if none is
                above 1 they are shares of 255.
    ``colour``  ``rgb``, ``bgr`` or ``grey``; ``resize`` and ``resample`` as PictureSpec has them.
    ``size``    of the tensor, for a model that takes any: ``640x480`` (width x height), or one number for both.
    ``invert``  whether dark and light are exchanged.
    """

    range: str | None = None
    mean: Sequence[float] | float | None = None
    std: Sequence[float] | float | None = None
    colour: str | None = None
    resize: str | None = None
    resample: str | None = None
    size: str | None = None
    invert: bool | None = None

    def __attrs_post_init__(self) -> None:
        _check_choice("colour", self.colour, COLOURS)
        _check_choice("resize", self.resize, RESIZES)
        _check_choice("resample", self.resample, RESAMPLES)
        if self.range is not None and (self.mean is not None or self.std is not None):
            raise UsageError("range and mean or std at once", remedy="give one of them")
        _ = self._normalization, self._size

    @property
    def given(self) -> tuple[str, ...]:
        """The names of those that are not None."""
        return tuple(field.name for field in attrs.fields(type(self)) if getattr(self, field.name) is not None)

    def apply_to(self, picture: PictureSpec) -> PictureSpec:
        """The picture spec with these parts. Raises UsageError for what such an input does not take."""
        if not self.given:
            return picture
        if picture.encoded:
            raise UsageError(f"{self.given[0]}: the model takes encoded pictures, and prepares them itself")
        if not picture.dtype.startswith("float") and self._normalization:
            raise UsageError(f"range, mean, std: the model takes {picture.dtype} pixels, which have no other range")
        changes: dict[str, Any] = {name: getattr(self, name) for name in self.given if name in _AS_THEY_ARE}
        if self._size:
            changes["size"] = self._size
        if self._normalization:
            changes |= {"mean": self._normalization.mean, "std": self._normalization.std}
        elif {self.colour, picture.colour} == {"rgb", "bgr"}:
            changes |= {"mean": picture.mean[::-1], "std": picture.std[::-1]}
        try:
            return attrs.evolve(picture, **changes)
        except ValueError as error:
            raise UsageError(str(error)) from None

    @property
    def _normalization(self) -> Normalization | None:
        if self.range is not None:
            return _parse_range(self.range)
        if self.mean is None and self.std is None:
            return None
        mean = _read_three("mean", 0.0 if self.mean is None else self.mean)
        std = _read_three("std", 1.0 if self.std is None else self.std)
        if not all(std):
            raise UsageError("std has a 0: pixels cannot be divided by it")
        unit = 255.0 if max(map(abs, (*mean, *std))) <= 1 else 1.0
        return Normalization("as given", _scale(mean, unit), _scale(std, unit))

    @property
    def _size(self) -> tuple[int, int] | None:
        if self.size is None:
            return None
        sides = _SIZE.fullmatch(str(self.size))
        if sides is None:
            raise UsageError(f"size is {self.size!r}", remedy="give width x height: 640x480, or one number for both")
        return int(sides[1]), int(sides[2] or sides[1])


_AS_THEY_ARE = ("colour", "resize", "resample", "invert")


def _check_choice(name: str, value: str | None, choices: Sequence[str]) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"{name} is {value!r}", remedy=f"give {', '.join(choices)}")


def _parse_range(text: str) -> Normalization:
    """Values from A to B are ``(pixel - mean) / std`` with std = 255 / (B - A) and mean = -A * std."""
    if text == "imagenet":
        return IMAGENET
    ends = _RANGE.fullmatch(text)
    try:
        low, high = (float(end) for end in ends.groups()) if ends else (0.0, 0.0)
    except ValueError:
        low = high = 0.0
    if low == high:
        raise UsageError(f"range is {text!r}", remedy="give 0..1, -1..1, 0..255 or imagenet")
    std = 255.0 / (high - low)
    return Normalization(f"from {low:g} to {high:g}", (-low * std,) * 3, (std,) * 3)


def _read_three(name: str, given: Sequence[float] | float) -> Three:
    numbers = [float(number) for number in given] if isinstance(given, Sequence) else [float(given)]
    match numbers:
        case [same]:
            return same, same, same
        case [first, second, third]:
            return first, second, third
    raise UsageError(f"{name} has {len(numbers)} numbers", remedy="give one, or three")


def _scale(three: Three, unit: float) -> Three:
    first, second, third = (number * unit for number in three)
    return first, second, third
