"""Faces: what detectors of faces with five points have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, LabelMap
from runner_core.frames import Placement
from runner_core.results import Floats, Inference
from runner_core.tasks import build_suppressed_inference
from runner_detection.kind import KIND

FACE = LabelMap.from_names(["face"])
FIVE_POINTS = ("right eye", "left eye", "nose tip", "right mouth corner", "left mouth corner")


def build_faces(card: Card, placement: Placement, corners: Floats, scores: Floats, points: Floats | None) -> Inference:
    """The answer: of faces that overlap by more than ``card.iou`` the best.

    ``corners`` N x 4 x1, y1, x2, y2 and ``points`` N x 2K x, y pairs in pixels of the tensor; ``scores`` N. Each point
    has the score of its face.
    """
    boxes, classes = placement.to_picture(corners), np.zeros(len(scores), np.int64)
    keypoints = None if points is None else make_keypoints(points, scores, placement)
    return build_suppressed_inference(card, KIND, placement.picture, boxes, scores, classes, keypoints=keypoints)


def make_keypoints(points: Floats, scores: Floats, placement: Placement) -> NDArray[np.float32]:
    """N x K x 3 x, y, score in pixels of the picture, from N x 2K x, y pairs in pixels of the tensor and N scores."""
    spots = placement.to_picture(points.reshape(len(points), points.shape[1] // 2, 2))
    sure = np.broadcast_to(scores[:, None, None], (*spots.shape[:2], 1))
    return np.concatenate([spots, sure], axis=2).astype(np.float32)
