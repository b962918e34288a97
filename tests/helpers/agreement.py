"""How far two sets of instances agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    inter = max(0.0, wide) * max(0.0, high)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return inter / (sum(areas) - inter)


def assert_agree(
    found: Sequence[Mapping[str, Any]],
    expected: Sequence[Mapping[str, Any]],
    *,
    least: float,
    score: float,
    border: float = 0.5,
) -> None:
    """Each expected instance is found, with its label, an IoU of ``least``, a score within ``score``; nothing else is.

    An instance whose score lies within ``score`` of the threshold ``border`` may be missing on either side.
    """
    left = list(found)
    for want in expected:
        match = next((have for have in left if _same(have, want, least, score)), None)
        if match is not None:
            left.remove(match)
        else:
            assert abs(want["score"] - border) <= score, f"not found: {want} among {found}"
    for have in left:
        assert abs(have["score"] - border) <= score, f"not expected: {have}"


def _same(have: Mapping[str, Any], want: Mapping[str, Any], least: float, score: float) -> bool:
    return (
        have["label"] == want["label"]
        and abs(have["score"] - want["score"]) <= score
        and iou(have["box"], want["box"]) >= least
    )
