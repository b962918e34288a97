"""An Inference as the text of a YOLO label file."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.results import Inference, yolo_text
from runner_export.outline import trace_outline
from runner_export.places import find_boxes, find_labelled, points_of

FORMS = ("boxes", "segments", "pose", "obb")

_VISIBLE = 2  # as in COCO: 0 is not labelled, 1 labelled but hidden


def forms_of(inference: Inference) -> tuple[str, ...]:
    """The forms in which it can be written, the one that holds most first; none if it has no places."""
    masks, points = inference.masks is not None, inference.keypoints is not None
    boxes = masks or points or inference.boxes is not None
    possible = {"segments": masks, "pose": points, "obb": inference.corners is not None, "boxes": boxes}
    return tuple(form for form, is_possible in possible.items() if is_possible)


def can_write(form: str, inference: Inference) -> bool:
    """Whether it can be written in this form, or in any form if ``form`` is empty."""
    forms = forms_of(inference)
    return form in forms if form else bool(forms)


def format_labels(inference: Inference, form: str) -> str:
    """One line per instance, its model_id first; all numbers are relative to the picture, 0 to 1.

    ``boxes``     ``class x y width height``, centre first: https://docs.ultralytics.com/datasets/detect/
    ``segments``  ``class x1 y1 x2 y2 ...``, a polygon: https://docs.ultralytics.com/datasets/segment/
    ``pose``      ``class x y width height x1 y1 v1 x2 y2 v2 ...``; v is 2 for a keypoint in the picture that scores 0.2
                  or more, else all three are 0: https://docs.ultralytics.com/datasets/pose/
    ``obb``       ``class x1 y1 x2 y2 x3 y3 x4 y4``, the corners of a turned box, each moved into the picture:
                  https://docs.ultralytics.com/datasets/obb/

    Boxes are clipped to the picture; instances outside of it, or with an empty mask, are left out.
    """
    if form == "segments":
        return "".join(_format_segments(inference))
    if form == "obb":
        return "".join(_format_turned_boxes(inference))
    clipped = _clip_boxes(inference)
    boxes = yolo_text(clipped)
    if form == "boxes":
        return boxes
    rows = zip(boxes.splitlines(), _to_yolo_keypoints(clipped), strict=True)
    return "".join(f"{box} {_format_numbers(points)}\n" for box, points in rows)


def _format_segments(inference: Inference) -> Iterable[str]:
    for number, mask in zip(inference.model_ids.tolist(), inference.masks or (), strict=True):
        polygon = trace_outline(mask.array)
        if len(polygon):
            yield f"{number} {_format_numbers(polygon / inference.size)}\n"


def _format_turned_boxes(inference: Inference) -> Iterable[str]:
    if inference.corners is None:
        return
    corners = inference.corners.clip(0, inference.size) / inference.size
    there = (corners.max(axis=1) > corners.min(axis=1)).all(axis=1)
    for number, points in zip(inference.model_ids[there].tolist(), corners[there], strict=True):
        yield f"{number} {_format_numbers(points)}\n"


def _clip_boxes(inference: Inference) -> Inference:
    """The rows with a box in the picture, clipped to it."""
    boxes = find_boxes(inference).clip(0, [*inference.size, *inference.size])
    inside = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    return attrs.evolve(inference, boxes=boxes, angles=None).take(inside)


def _to_yolo_keypoints(inference: Inference) -> NDArray[np.float64]:
    """N x K x 3: x, y, v."""
    points = points_of(inference)
    labelled = np.concatenate([points[..., :2] / inference.size, np.full_like(points[..., :1], _VISIBLE)], axis=2)
    return np.where(find_labelled(inference)[..., None], labelled, 0)


def _format_numbers(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in values.ravel().tolist())
