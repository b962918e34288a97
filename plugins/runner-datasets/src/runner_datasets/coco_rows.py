"""One annotation of a COCO file. Format: https://cocodataset.org/#format-data."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Annotation, Finding
from runner_core.results import Mask

Row = Mapping[str, Any]
_MOST_RUNS = 1 << 24  # of a mask

_VISIBILITY = np.array([0, 0.5, 1], np.float32)  # of v: 0 not labelled, 1 labelled but hidden, 2 visible


def has_shape(row: Row) -> bool:
    """Whether it is of more than a box."""
    return bool(row.get("segmentation"))


def count_keypoints(row: Row) -> int:
    points = row.get("keypoints")
    return len(points) // 3 if isinstance(points, list) else 0


def read_row(row: Row, names: Mapping[int, str], path: str, findings: list[Finding]) -> Annotation | None:
    """The annotation; None, and a finding, where it cannot be read."""
    place = f"{path}: annotation {row.get('id')!r:.40}"
    category = row.get("category_id")
    name = names.get(category) if isinstance(category, int) else None
    if name is None:
        findings.append(Finding(place, f"category {category!r:.40} is no class of the data set"))
        return None
    try:
        polygons, mask = _read_segmentation(row.get("segmentation"))
        return Annotation(
            name, place, _read_box(row.get("bbox")), polygons=polygons, mask=mask,
            keypoints=_read_keypoints(row.get("keypoints")), ignored=bool(row.get("iscrowd") or row.get("ignore")),
            area=_read_area(row.get("area")),
        )  # fmt: skip
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        findings.append(Finding(place, f"{name} cannot be read ({error})"))
        return None


def _read_box(value: Any) -> tuple[float, float, float, float] | None:
    if value is None or value == []:
        return None
    x, y, width, height = _read_numbers(value).tolist()
    return x, y, x + width, y + height


def _read_area(value: Any) -> float | None:
    """None where it is not said, or cannot be."""
    return float(value) if type(value) in (int, float) and 0 < value < inf else None


def _read_segmentation(value: Any) -> tuple[list[NDArray[np.float64]], Mask | None]:
    """Polygons, or run lengths: as a list, or packed as text."""
    if not value:
        return [], None
    if isinstance(value, list):
        polygons = [_read_numbers(each) for each in value]
        return [each[: len(each) // 2 * 2].reshape(-1, 2) for each in polygons if len(each) >= 6], None
    if not isinstance(value, dict):
        raise ValueError("its segmentation is neither polygons nor run lengths")
    counts, shape = value["counts"], [int(side) for side in value["size"]]
    mask = Mask(rle={"size": shape, "counts": counts}) if isinstance(counts, str) else _fill_runs(counts, shape)
    mask.check()
    return [], mask


def _fill_runs(counts: Any, shape: list[int]) -> Mask:
    """Of run lengths as a list: columns of the picture, outside and inside in turn."""
    if not isinstance(counts, list) or len(counts) > _MOST_RUNS or not all(type(run) is int for run in counts):
        raise ValueError("its run lengths are no whole numbers")
    height, width = shape
    if min(counts, default=0) < 0 or sum(counts) != height * width or height * width > 1 << 28:
        raise ValueError(f"its run lengths do not fill {width} x {height} pixels")
    pixels = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(width, height).T
    return Mask(rle=Mask(array=pixels).rle)


def _read_keypoints(value: Any) -> NDArray[np.float32] | None:
    if not value:
        return None
    points = _read_numbers(value)
    if len(points) % 3:
        raise ValueError("its keypoints are not of three numbers each")
    rows = points.reshape(-1, 3)
    seen = _VISIBILITY[rows[:, 2].round().clip(0, 2).astype(int)]
    return np.concatenate([rows[:, :2], seen[:, None]], axis=1).astype(np.float32)


def _read_numbers(value: Any) -> NDArray[np.float64]:
    if not isinstance(value, list) or not all(type(each) in (int, float) for each in value):
        raise ValueError(f"{value!r:.40} are no numbers")
    return np.array(value, np.float64)
