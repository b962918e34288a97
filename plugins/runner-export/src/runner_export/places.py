"""Where the instances of an Inference are, whichever columns say it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.drawing import MIN_KEYPOINT_SCORE
from runner_core.results import Inference


def has_places(inference: Inference) -> bool:
    """Whether it has boxes, masks or keypoints: without them it says something of the whole picture alone."""
    return inference.boxes is not None or inference.masks is not None or inference.keypoints is not None


def find_boxes(inference: Inference) -> NDArray[np.float32]:
    """N x 4 (x1, y1, x2, y2): the boxes (of turned ones those around them), else those around masks or keypoints.

    Around an empty mask, and where no keypoint is labelled, all four are 0.
    """
    if inference.outer_boxes is not None:
        return inference.outer_boxes
    if inference.masks is not None:
        boxes = [_box_around(mask.array) for mask in inference.masks]
    else:
        points = points_of(inference)
        labelled = find_labelled(inference)
        rows = [row[there, :2] for row, there in zip(points, labelled, strict=True)]
        boxes = [[*row.min(axis=0), *row.max(axis=0)] if len(row) else [0.0] * 4 for row in rows]
    return np.array(boxes, np.float32).reshape(-1, 4)


def points_of(inference: Inference) -> NDArray[np.float32]:
    """N x K x 3: x, y, score; K is 0 without keypoints."""
    return np.empty((len(inference), 0, 3), np.float32) if inference.keypoints is None else inference.keypoints


def find_labelled(inference: Inference) -> NDArray[np.bool_]:
    """N x K: which keypoints are in the picture and reach ``MIN_KEYPOINT_SCORE``."""
    points = points_of(inference)
    within = (points[..., :2] >= 0) & (points[..., :2] <= inference.size)  # NaN is not
    labelled: NDArray[np.bool_] = within.all(axis=2) & (points[..., 2] >= MIN_KEYPOINT_SCORE)
    return labelled


def _box_around(mask: NDArray[np.bool_]) -> list[float]:
    """x1, y1, x2, y2."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] if len(rows) else [0.0] * 4
