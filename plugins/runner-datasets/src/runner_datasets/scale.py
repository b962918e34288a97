"""Labels that were drawn on a picture of another size."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np

from runner_core.datasets import Annotation, Finding

Size = tuple[int, int]
_ALIKE = 0.02  # of the proportions of two sizes


def fit_size(
    annotations: Iterable[Annotation], said: Size | None, size: Size, place: str
) -> tuple[list[Annotation], tuple[Finding, ...]]:
    """The annotations in pixels of the picture, whose (width, height) is ``size`` and not what its labels ``said``.

    Of the same proportions they are scaled, otherwise left as they are. A size that is not said, or 0, says nothing.
    """
    rows = list(annotations)
    if said is None or min(said) < 1 or said == size:
        return rows, ()
    message = f"the labels are of a picture of {said[0]} x {said[1]}, it has {size[0]} x {size[1]}"
    across, down = size[0] / said[0], size[1] / said[1]
    if abs(across / down - 1) > _ALIKE:
        return rows, (Finding(place, message, "taken as pixels of the picture"),)
    return [_scale(row, across, down) for row in rows], (Finding(place, message, "scaled"),)


def _scale(row: Annotation, across: float, down: float) -> Annotation:
    box = None
    if row.box is not None:
        x1, y1, x2, y2 = row.box
        box = x1 * across, y1 * down, x2 * across, y2 * down
    points = None if row.keypoints is None else row.keypoints * np.array([across, down, 1], np.float32)
    polygons = [polygon * (across, down) for polygon in row.polygons]
    return attrs.evolve(row, box=box, polygons=polygons, keypoints=points)
