"""Sheet: one picture of a COCO file with its annotations, of which a person sees boxes with names.

What the file says beside the boxes stays in it. The format: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import attrs

from runner_core.errors import UsageError

DIGITS = 2  # of a pixel, behind the point
LEAST = 1.0  # pixels: a box that is no wider was a slip of the hand

Corners = tuple[float, float, float, float]
Entry = dict[str, Any]  # of a list in the file


@attrs.frozen
class Box:
    """What a person drew: the name of a class, x1, y1, x2, y2 in pixels, and its number in the file once it has one.

    ``fixed``  it belongs to a mask of pixels, which would be wrong if the box were moved.
    """

    label: str
    corners: Corners
    id: int | None = None
    fixed: bool = False

    @classmethod
    def from_json(cls, data: Any, size: tuple[int, int]) -> Box:
        """What a page sent, cut at the borders of a (width, height) picture. Raises UsageError."""
        try:
            label, number = data["label"], data.get("id")
            x1, y1, x2, y2 = (float(value) for value in data["box"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UsageError(f"not a box: {error!r}"[:200]) from error
        if not isinstance(label, str) or not label or not (number is None or type(number) is int):
            raise UsageError(f"not the label or the number of a box: {label!r}, {number!r}"[:200])
        corners = (max(0.0, x1), max(0.0, y1), min(float(size[0]), x2), min(float(size[1]), y2))
        if not all(map(math.isfinite, corners)) or min(corners[2] - corners[0], corners[3] - corners[1]) <= LEAST:
            raise UsageError(f"a box of {label!r} has no place in the picture: {data['box']}"[:200])
        return cls(label, corners, number)

    def to_json(self) -> dict[str, Any]:
        """As a page reads it."""
        return {"id": self.id, "label": self.label, "box": self.corners, "fixed": self.fixed}


@attrs.define
class Sheet:
    """``image`` and ``annotations`` are entries of the file. One that is not ``done`` is not in the data set."""

    image: Entry
    annotations: list[Entry]
    done: bool
    _lines: tuple[str, str] | None = attrs.field(default=None, init=False)

    @property
    def lines(self) -> tuple[str, str]:
        """The image, and the annotations a line each, as the file has them; made when they have changed."""
        if self._lines is None:
            self._lines = write_entry(self.image), ",\n".join(map(write_entry, self.annotations))
        return self._lines

    def replace(self, annotations: list[Entry], size: tuple[int, int], *, done: bool) -> None:
        """Has the sheet say this from now on."""
        self.image |= {"width": size[0], "height": size[1]}
        self.annotations, self.done, self._lines = annotations, done, None


def write_entry(entry: Any) -> str:
    """As a line of the file."""
    return json.dumps(entry, ensure_ascii=False, separators=(", ", ": "))


def read_box(annotation: Entry, label: str | None) -> Box | None:
    """The box of an annotation; None for one that cannot be shown, which stays in the file as it is."""
    corners = _read_corners(annotation.get("bbox"))
    if corners is None or label is None:
        return None
    return Box(label, corners, annotation["id"], fixed=isinstance(annotation.get("segmentation"), dict))


def write_box(box: Box, before: Entry, category: int) -> Entry:
    """The annotation of a box, with all that it said ``before``; what was drawn within the box moves with it."""
    entry = {**before, "category_id": category}
    old = _read_corners(before.get("bbox"))
    if old is not None and all(abs(a - b) < 10**-DIGITS for a, b in zip(old, box.corners, strict=True)):
        return entry
    x1, y1, x2, y2 = box.corners
    bbox = [round(value, DIGITS) for value in (x1, y1, x2 - x1, y2 - y1)]
    entry |= {"bbox": bbox, "area": round(bbox[2] * bbox[3], DIGITS)}
    entry.setdefault("iscrowd", 0)
    if old is not None:
        entry |= _carry_shapes(before, old, box.corners)
    return entry


def _read_corners(bbox: Any) -> Corners | None:
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(isinstance(value, int | float) for value in bbox):
        return None
    x, y, width, height = map(float, bbox)
    sound = all(map(math.isfinite, bbox)) and width > 0 and height > 0
    return (x, y, x + width, y + height) if sound else None


def _carry_shapes(entry: Entry, old: Corners, new: Corners) -> Entry:
    """Polygons and keypoints, which lie in the new box as they lay in the old one."""
    carried: Entry = {}
    polygons, keypoints = entry.get("segmentation"), entry.get("keypoints")
    if isinstance(polygons, list):
        carried["segmentation"] = [_carry_points(polygon, old, new, step=2) for polygon in polygons]
    if isinstance(keypoints, list):
        carried["keypoints"] = _carry_points(keypoints, old, new, step=3)
    return carried


def _carry_points(points: Sequence[float], old: Corners, new: Corners, *, step: int) -> list[float]:
    """x, y and what follows them, ``step`` numbers a point; a keypoint that is not labelled is 0, 0, 0 and stays so."""
    carried = list(points)
    for at in range(0, len(carried) - step + 1, step):
        if step == 3 and not carried[at + 2]:
            continue
        for axis in (0, 1):
            scale = (new[axis + 2] - new[axis]) / (old[axis + 2] - old[axis])
            carried[at + axis] = round(new[axis] + (carried[at + axis] - old[axis]) * scale, DIGITS)
    return carried
