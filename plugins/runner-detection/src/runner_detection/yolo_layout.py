"""How a YOLO export lays its predictions out, read from the output's shape."""

from __future__ import annotations

from typing import Literal

import attrs

from runner_core.tasks import Shape

Order = Literal["rows", "columns", "end-to-end"]
ORDERS: tuple[Order, ...] = ("rows", "columns", "end-to-end")

# Pixels to a cell, in the heads that there are: the usual three, with a fourth coarser or finer one, and tiny ones.
STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (16, 32))
ANCHORS = 3  # boxes a cell in v3, v5 and v7
FINAL = 6  # x1, y1, x2, y2, score, class
MOST_FINAL = 1000  # rows that an export keeps after its own selection: 300 unless told otherwise
COCO_POSE, COCO_V6 = 4 + 1 + 3 * 17, 5 + 80  # features: a person with 17 keypoints; COCO with objectness


@attrs.frozen
class Layout:
    """``rows``: N x F; ``columns``: F x N; ``end-to-end``: N x 6, final boxes as xyxy, score, class.

    F is centre x, centre y, width, height, the ``objectness`` if there is one, and a score for each class.
    ``guess`` says what the shape left open.
    """

    order: Order
    objectness: bool = False
    guess: str = ""

    def __str__(self) -> str:
        return f"{self.order} with objectness" if self.objectness else self.order

    @property
    def scores_from(self) -> int:
        """The first class's place among the features."""
        return 5 if self.objectness else 4


def layout_of(
    shape: Shape | None, size: tuple[int, int] | None, classes: int = 0, *, final: bool = False
) -> Layout | None:
    """The layout of an output; None where it is no YOLO's.

    ``size`` (width, height) of the input, None where it is not fixed; ``classes`` how many the model has, 0: unknown;
    ``final`` whether the export is known to have selected the boxes itself.
    """
    if shape is None or len(shape) != 3 or shape[0] not in (1, None):
        return None
    first, last = shape[1:]
    if last == FINAL and (final or _selected(first, size)):
        return Layout("end-to-end")
    return _by_classes(first, last, classes) if classes else _by_grid(first, last, size)


def _selected(rows: int | None, size: tuple[int, int] | None) -> bool:
    """Whether so many rows can only be what is left of a selection."""
    return rows is not None and rows <= MOST_FINAL and rows not in _cells(size) | _boxes(size)


def _by_classes(first: int | None, last: int | None, classes: int) -> Layout | None:
    """The axis that holds 4 + C or 5 + C is that of the features."""
    known = {4 + classes: False, 5 + classes: True}
    if last in known and first not in known:
        return Layout("rows", known[last])
    return Layout("columns", known[first]) if first in known and last not in known else None


def _by_grid(first: int | None, last: int | None, size: tuple[int, int] | None) -> Layout | None:
    """The axis as long as the grids of such an input have cells, or boxes, is that of the rows."""
    if first in _boxes(size) and (last or 0) > 5:
        return Layout("rows", objectness=True)
    if last in _cells(size) and (first or 0) > 4 and first != COCO_POSE:
        return Layout("columns")
    if first in _cells(size) and (last or 0) > 4 and last != COCO_POSE:
        objectness = last == COCO_V6
        return Layout("rows", objectness, f"there is {'an' if objectness else 'no'} objectness before the class scores")
    return None


def _cells(size: tuple[int, int] | None) -> set[int | None]:
    if size is None:
        return set()
    return {sum(-(-size[0] // stride) * -(-size[1] // stride) for stride in strides) for strides in STRIDES}


def _boxes(size: tuple[int, int] | None) -> set[int | None]:
    return {ANCHORS * (cells or 0) for cells in _cells(size)}
