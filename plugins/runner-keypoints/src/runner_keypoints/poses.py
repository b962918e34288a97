"""Poses: from keypoints in pixels of the tensor to an Inference, as all families here end."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.errors import TaskError
from runner_core.frames import Placement
from runner_core.results import Inference
from runner_core.tasks import build_inference, select_best_rows

KIND = "keypoints"
KEYPOINT_THRESHOLD = 0.2  # score of a keypoint that counts, as in MoveNet's own demonstrations

Floats = NDArray[np.float32]


@attrs.frozen(eq=False)
class Poses:
    """``points`` N x K x 3: x, y, score. ``scores`` N. ``boxes`` N x 4 x1, y1, x2, y2; None: those around the points.

    Coordinates are in pixels of the tensor. ``classes`` N; None where there is only one.
    """

    points: Floats
    scores: Floats
    boxes: Floats | None = None
    classes: NDArray[np.integer] | None = None


def read_keypoint_threshold(card: Card) -> float:
    """The option ``keypoint_threshold``: the score from which a keypoint is inside its instance's box."""
    option = card.options.get("keypoint_threshold", KEYPOINT_THRESHOLD)
    if isinstance(option, bool) or not isinstance(option, int | float) or not 0 <= option <= 1:
        raise TaskError(
            f"brain {card.name}: the option keypoint_threshold is {option!r}", remedy="give a number from 0 to 1"
        )
    return float(option)


def build_answer(card: Card, poses: Poses, placement: Placement, least: float) -> Inference:
    """Rows by descending score, none under the card's threshold. Boxes are cut at the picture's borders; a pose whose
    box has no area in the picture, or with a number that is not finite, is dropped. Keypoints that score ``least``
    make its box where the model gives none.
    """
    points = poses.points.astype(np.float32)
    points[..., :2] = placement.to_picture(points[..., :2])
    missing: NDArray[np.bool_] = np.logical_not(np.isfinite(points).all(axis=2))
    points[missing] = (0, 0, -1)  # which no box is drawn around
    boxes = boxes_around(points, least) if poses.boxes is None else placement.to_picture(poses.boxes)
    classes = np.zeros(len(points), np.int64) if poses.classes is None else poses.classes
    rows = select_best_rows(poses.scores, card.threshold)
    rows = rows[~missing[rows].all(axis=1)]
    scores = poses.scores[rows].clip(0, 1)
    points[missing, 2] = 0
    return build_inference(card, KIND, placement.picture, boxes[rows], scores, classes[rows], keypoints=points[rows])


def boxes_around(points: Floats, least: float) -> Floats:
    """N x 4 boxes around the keypoints that score at least ``least``; without area where none does."""
    seen = points[..., 2:] >= least
    low = np.where(seen, points[..., :2], np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen, points[..., :2], -np.inf).max(axis=1, initial=-np.inf)
    return np.concatenate([low, high], axis=1).astype(np.float32)
