"""Regions of Label Studio's tasks. Format: https://labelstud.io/tags, of each control tag its own page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Annotation, Finding
from runner_core.results import Mask
from runner_datasets.scale import Size
from runner_datasets.shapes import make_ellipse, to_number, to_points

_MOST_PIXELS = 1 << 28

Region = Mapping[str, Any]


def read_regions(regions: Any, place: str) -> tuple[Size | None, list[Annotation], list[str], list[Finding]]:
    """The picture's size, what is in it, classes of the whole picture, and what cannot be read.

    Raises ValueError for what is no list.
    """
    if not isinstance(regions, list):
        raise ValueError("its result is no list")
    size: Size | None = None
    rows: dict[str, Annotation] = {}
    tags, findings, points = [], [], []
    for number, region in enumerate(regions):
        where = f"{place}, region {number + 1}"
        try:
            value = region["value"]
            size = size or _read_size(region)
            if "choices" in value:
                tags += [str(choice) for choice in value["choices"]]
            elif "keypointlabels" in value:
                points.append((region, where))
            else:
                rows[str(region.get("id", number))] = _read_region(value, _read_size(region), where)
        except (TypeError, KeyError, ValueError, IndexError, AttributeError, OverflowError) as error:
            findings.append(Finding(where, f"a region that cannot be read ({error})"))
    findings += _add_keypoints(rows, points)
    return size, list(rows.values()), tags, findings


def _read_size(region: Region) -> Size | None:
    width, height = region.get("original_width"), region.get("original_height")
    return (width, height) if type(width) is int and type(height) is int else None


def _read_region(value: Region, size: Size | None, place: str) -> Annotation:
    """Places are percents of the picture's width and height."""
    label = _find_label(value)
    if size is None:
        raise ValueError("it has no size of its picture")
    share = np.array(size, np.float64) / 100
    if value.get("format") == "rle" or "rle" in value:
        return Annotation(label, place, mask=_read_brush(value["rle"], size))
    if "points" in value:
        return Annotation(label, place, polygons=[to_points(value["points"]) * share])
    x, y = to_number(value["x"]) * share[0], to_number(value["y"]) * share[1]
    turn = math.radians(to_number(value.get("rotation") or 0))
    if "radiusX" in value:
        across, down = to_number(value["radiusX"]) * share[0], to_number(value["radiusY"]) * share[1]
        return Annotation(label, place, polygons=[make_ellipse(x, y, across, down, turn)])
    width, height = to_number(value["width"]) * share[0], to_number(value["height"]) * share[1]
    return Annotation(label, place, _turn_box(x, y, width, height, turn), angle=turn)


def _turn_box(x: float, y: float, width: float, height: float, turn: float) -> tuple[float, float, float, float]:
    """The box before it is turned about its centre, of one that is turned about its upper left corner."""
    across = x + (width * math.cos(turn) - height * math.sin(turn)) / 2
    down = y + (width * math.sin(turn) + height * math.cos(turn)) / 2
    return across - width / 2, down - height / 2, across + width / 2, down + height / 2


def _find_label(value: Region) -> str:
    names = next((value[key] for key in value if key.endswith("labels") and value[key]), None)
    if not isinstance(names, list) or not isinstance(names[0], str):
        raise ValueError("it has no label")
    return names[0]


def _add_keypoints(rows: dict[str, Annotation], points: Sequence[tuple[Region, str]]) -> list[Finding]:
    """Gives regions their keypoints, in the order of the file; those of no region are left out."""
    findings = []
    for region, place in points:
        parent, size = str(region.get("parentID", "")), _read_size(region)
        try:
            x, y = to_number(region["value"]["x"]), to_number(region["value"]["y"])
        except (KeyError, ValueError) as error:
            findings.append(Finding(place, f"a keypoint that cannot be read ({error})"))
            continue
        if parent not in rows or size is None:
            findings.append(Finding(place, "a keypoint of no region"))
            continue
        before = rows[parent].keypoints
        point = np.array([[x * size[0] / 100, y * size[1] / 100, 1]], np.float32)
        rows[parent] = attrs.evolve(
            rows[parent], keypoints=point if before is None else np.concatenate([before, point])
        )
    return findings


def _read_brush(numbers: Any, size: Size) -> Mask:
    """The mask of a brush: bytes of RGBA pixels, row by row, packed by the rle-pack of thi.ng/umbrella.

    Source: label-studio-converter, brush.py, ``decode_rle``.
    """
    if not isinstance(numbers, list) or not all(type(one) is int and 0 <= one < 256 for one in numbers):
        raise ValueError("its brush is no list of bytes")
    if size[0] * size[1] * 4 > _MOST_PIXELS:
        raise ValueError("its picture is too large")
    pixels = _unpack(np.unpackbits(np.array(numbers, np.uint8)))
    if len(pixels) != size[0] * size[1] * 4:
        raise ValueError(f"its brush does not fill {size[0]} x {size[1]} pixels")
    return Mask(rle=Mask(array=pixels.reshape(size[1], size[0], 4)[..., 3] > 0).rle)


def _unpack(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A head (count, width of a word, widths of four lengths), then blocks: a word repeated, or several words."""
    place = 0

    def take(count: int) -> int:
        nonlocal place
        if place + count > len(bits):
            raise ValueError("its brush ends too early")
        value = int("".join(map(str, bits[place : place + count])) or "0", 2)
        place += count
        return value

    count, word = take(32), take(5) + 1
    widths = [take(4) + 1 for _ in range(4)]
    if count > _MOST_PIXELS:
        raise ValueError("its brush is larger than any picture")
    pixels, filled = np.zeros(count, np.uint8), 0
    while filled < count:
        repeated = take(1)
        length = min(take(widths[take(2)]) + 1, count - filled)
        if repeated:
            pixels[filled : filled + length] = take(word) & 255
        else:
            pixels[filled : filled + length] = [take(word) & 255 for _ in range(length)]
        filled += length
    return pixels
