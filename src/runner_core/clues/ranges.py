"""The ranges of values that models are made for."""

from __future__ import annotations

from collections.abc import Iterator

from runner_core.frames.normalization import CAFFE, KNOWN, Normalization

USUAL = (*KNOWN, CAFFE)
_BYTES = 0.0, 255.0


def list_orders() -> Iterator[tuple[Normalization, bool]]:
    """Each usual one as it is for RGB, then those that are another for BGR; and whether it is for BGR."""
    for each in USUAL:
        yield each, False
        if each.reversed() != each:
            yield each.reversed(), True


def bounds(normalization: Normalization) -> tuple[float, float]:
    """The least and the greatest value of any channel."""
    ends = [
        (pixel - mean) / std
        for mean, std in zip(normalization.mean, normalization.std, strict=True)
        for pixel in _BYTES
    ]
    return min(ends), max(ends)


def find_range(least: float, most: float, slack: float = 0.04) -> Normalization | None:
    """The usual range with about these bounds: all values that calibration met, or that a quantised tensor can hold."""
    for each in USUAL:
        low, high = bounds(each)
        if abs(least - low) <= slack * (high - low) and abs(most - high) <= slack * (high - low):
            return each
    return None
