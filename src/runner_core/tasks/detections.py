"""Detections: from rows of boxes, scores and classes to an Inference, as all families that find boxes end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.results.boxes import Floats, are_usable, clip_boxes, turn_boxes
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.results.nms import nms


def select_best_rows(scores: Floats, threshold: float) -> NDArray[np.intp]:
    """Indices of the N scores that reach the threshold, best first; equal ones keep their order. NaN reaches none."""
    rows = np.flatnonzero(scores >= threshold)
    return rows[np.argsort(-scores[rows], kind="stable")]


def build_inference(
    card: Card,
    kind: str,
    size: tuple[int, int],
    boxes: Floats,
    scores: Floats,
    classes: NDArray[np.number],
    *,
    masks: tuple[Mask, ...] | None = None,
    keypoints: NDArray[np.float32] | None = None,
    angles: NDArray[np.float32] | None = None,
) -> Inference:
    """The Inference, of that kind, of a (width, height) picture, from rows in their final order.

    ``boxes`` N x 4 x1, y1, x2, y2 in its pixels, cut here at its borders; ``scores`` N; ``classes`` N ints or whole
    floats; ``masks`` N; ``keypoints`` N x K x 3; ``angles`` N radians, by which boxes are turned, which are then not
    cut. Rows with a number that is not finite, and boxes without an area in the picture, are dropped. Raises LabelError
    where a class is outside the card's labels.
    """
    kept = np.isfinite(boxes).all(axis=1) & np.isfinite(scores) & np.isfinite(classes)
    boxes = clip_boxes(boxes, size) if angles is None else boxes.astype(np.float32, copy=False)
    kept &= are_usable(boxes)
    if angles is not None:
        corners = turn_boxes(boxes, angles)  # NaN lies nowhere
        kept &= (corners.max(axis=1) > 0).all(axis=1) & (corners.min(axis=1) < size).all(axis=1)
    rows = np.flatnonzero(kept)
    model_ids = np.rint(classes[rows]).astype(np.int64)
    card.labels.check(model_ids)
    return Inference(
        brain=card.name,
        task=kind,
        size=size,
        version=card.version,
        labels=card.labels,
        model_ids=model_ids,
        boxes=boxes[rows],
        scores=scores[rows].astype(np.float32, copy=False),
        masks=None if masks is None else tuple(masks[row] for row in rows),
        keypoints=None if keypoints is None else keypoints[rows],
        angles=None if angles is None else angles[rows],
    )


def build_suppressed_inference(
    card: Card,
    kind: str,
    size: tuple[int, int],
    boxes: Floats,
    scores: Floats,
    classes: NDArray[np.number],
    *,
    keypoints: NDArray[np.float32] | None = None,
) -> Inference:
    """The Inference of rows in any order. Of boxes of a class that overlap by more than ``card.iou`` the best stays."""
    sound = np.flatnonzero(are_usable(boxes) & np.isfinite(scores))  # another row would suppress boxes
    kept = sound[nms(boxes[sound], scores[sound], classes[sound], card.iou)]
    points = None if keypoints is None else keypoints[kept]
    return build_inference(card, kind, size, boxes[kept], scores[kept], classes[kept], keypoints=points)
