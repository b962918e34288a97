"""Labels that were drawn on a picture of another size, or as it lies in its file and not upright."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.datasets import Annotation, Finding

Size = tuple[int, int]
Points = NDArray[np.float64]
_ALIKE = 0.02  # of the proportions of two sizes
_ORIENTATION = 0x0112  # EXIF tag 274


def fit_size(
    annotations: Iterable[Annotation], said: Size | None, size: Size, picture: Path, place: str
) -> tuple[list[Annotation], tuple[Finding, ...]]:
    """The annotations in pixels of the picture, whose upright (width, height) is ``size`` and not what its labels said.

    If it lies on its side in its file, and they are of that, they are turned; of the same proportions they are scaled,
    otherwise left as they are. A size that is not said, or 0, says nothing.
    """
    rows = list(annotations)
    if said is None or min(said) < 1 or said == size:
        return rows, ()
    message = f"the labels are of a picture of {said[0]} x {said[1]}, it has {size[0]} x {size[1]}"
    turn = _find_turn(picture) if said == size[::-1] else None
    if turn:
        width, height = said
        changed = [_change(row, lambda points: turn(points, width, height)) for row in rows]
        return changed, (Finding(place, message, "turned as its EXIF data say"),)
    across, down = size[0] / said[0], size[1] / said[1]
    if abs(across / down - 1) > _ALIKE:
        return rows, (Finding(place, message, "taken as pixels of the picture"),)
    return [_change(row, lambda points: points * (across, down)) for row in rows], (Finding(place, message, "scaled"),)


def _find_turn(picture: Path) -> Callable[[Points, int, int], Points] | None:
    """What brings points of a picture that lies on its side upright; None where it does not lie so.

    Source: CIPA DC-008, tag 274; width and height are those of the picture as it lies.
    """
    try:
        with Image.open(picture) as image:
            orientation = image.getexif().get(_ORIENTATION)
    except (OSError, ValueError, SyntaxError):
        return None
    turns: dict[int, Callable[[Points, int, int], Points]] = {
        5: lambda points, _, __: points[:, ::-1],
        6: lambda points, _, height: np.stack([height - points[:, 1], points[:, 0]], axis=1),
        7: lambda points, width, height: np.stack([height - points[:, 1], width - points[:, 0]], axis=1),
        8: lambda points, width, _: np.stack([points[:, 1], width - points[:, 0]], axis=1),
    }
    return turns.get(orientation) if isinstance(orientation, int) else None


def _change(row: Annotation, move: Callable[[Points], Points]) -> Annotation:
    """With every point moved; a turned box keeps its angle, which only scaling does not change."""
    box = None
    if row.box is not None:
        corners = move(np.array(row.box, np.float64).reshape(2, 2))
        (x1, y1), (x2, y2) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        box = x1, y1, x2, y2
    points = row.keypoints
    if points is not None:
        moved = move(points[:, :2].astype(np.float64))
        points = np.concatenate([moved, points[:, 2:]], axis=1).astype(np.float32)
    return attrs.evolve(row, box=box, polygons=[move(polygon) for polygon in row.polygons], keypoints=points)
