"""Label rows: an Inference as the text of one of YOLO's label files."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.drawing import MIN_KEYPOINT_SCORE
from runner_core.results import Inference, yolo_text
from runner_export.outline import outline

FORMS = ("boxes", "segments", "pose")

_VISIBLE = 2  # as in COCO: 0 is not labelled, 1 labelled but hidden


def forms_of(inference: Inference) -> tuple[str, ...]:
    """The forms in which it can be written, the one that tells most first; none where it finds no places."""
    masks, points = inference.masks is not None, inference.keypoints is not None
    there = {"segments": masks, "pose": points, "boxes": masks or points or inference.boxes is not None}
    return tuple(form for form, can in there.items() if can)


def takes(form: str, inference: Inference) -> bool:
    """Whether it can be written in this form; where none is named, in any."""
    forms = forms_of(inference)
    return form in forms if form else bool(forms)


def label_text(inference: Inference, form: str) -> str:
    """A line an instance, its model_id first; all numbers are relative to the picture.

    ``boxes``     ``class x y width height``, centre first: https://docs.ultralytics.com/datasets/detect/
    ``segments``  ``class x1 y1 x2 y2 ...``, a polygon: https://docs.ultralytics.com/datasets/segment/
    ``pose``      ``class x y width height x1 y1 v1 x2 y2 v2 ...``; v is 2 for a keypoint in the picture that scores 0.2
                  or more, else all three are 0: https://docs.ultralytics.com/datasets/pose/

    Boxes end with the picture; what lies outside of it, or has an empty mask, is left out.
    """
    if form == "segments":
        return "".join(_segments(inference))
    placed = _placed(inference)
    boxes = yolo_text(placed)
    if form == "boxes":
        return boxes
    rows = zip(boxes.splitlines(), _keypoints(placed), strict=True)
    return "".join(f"{box} {_numbers(points)}\n" for box, points in rows)


def _segments(inference: Inference) -> Iterable[str]:
    for number, mask in zip(inference.model_ids.tolist(), inference.masks or (), strict=True):
        polygon = outline(mask.array)
        if len(polygon):
            yield f"{number} {_numbers(polygon / inference.size)}\n"


def _placed(inference: Inference) -> Inference:
    """The rows that have a box in the picture, with what of it is there."""
    boxes = _boxes(inference).clip(0, [*inference.size, *inference.size])
    there = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    return attrs.evolve(inference, boxes=boxes).take(there)


def _boxes(inference: Inference) -> NDArray[np.float32]:
    """N x 4: the boxes, else those around the masks, else those around the keypoints."""
    if inference.boxes is not None:
        return inference.boxes
    points = _points(inference)
    around = [outline(mask.array) for mask in inference.masks or ()] or [
        row[seen, :2] for row, seen in zip(points, _seen(points, inference), strict=True)
    ]
    corners = [np.concatenate([each.min(axis=0), each.max(axis=0)]) if len(each) else np.zeros(4) for each in around]
    return np.array(corners, np.float32).reshape(-1, 4)


def _points(inference: Inference) -> NDArray[np.float32]:
    """N x K x 3: x, y, score."""
    return np.empty((0, 0, 3), np.float32) if inference.keypoints is None else inference.keypoints


def _seen(points: NDArray[np.float32], inference: Inference) -> NDArray[np.bool_]:
    """N x K: which keypoints are in the picture, and sure enough."""
    within = (points[..., :2] >= 0) & (points[..., :2] <= inference.size)  # what is no number is not
    seen: NDArray[np.bool_] = within.all(axis=2) & (points[..., 2] >= MIN_KEYPOINT_SCORE)
    return seen


def _keypoints(inference: Inference) -> NDArray[np.float64]:
    """N x K x 3: x, y, v."""
    points = _points(inference)
    labelled = np.concatenate([points[..., :2] / inference.size, np.full_like(points[..., :1], _VISIBLE)], axis=2)
    return np.where(_seen(points, inference)[..., None], labelled, 0)


def _numbers(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in values.ravel().tolist())
