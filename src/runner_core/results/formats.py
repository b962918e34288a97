"""An Inference in formats of other projects: COCO results, YOLO text, ``supervision.Detections``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import LabelError
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.util.spelling import ask_if_meant

T = TypeVar("T")


def coco_results(inference: Inference, image_id: int | str) -> list[dict[str, Any]]:
    """COCO's results format, one object an instance: ``bbox`` is x, y, width, height; ``category_id`` the file_id.

    A turned box is the upright one around it.
    Format: https://cocodataset.org/#format-results
    """
    rows, boxes = [], inference.outer_boxes
    for instance in inference.instances:
        row: dict[str, Any] = {"image_id": image_id, "category_id": instance.file_id}
        if instance.score is not None:
            row["score"] = instance.score
        if boxes is not None:
            x1, y1, x2, y2 = boxes[instance.id].tolist()
            row["bbox"] = [x1, y1, x2 - x1, y2 - y1]
        if instance.mask:
            row["segmentation"] = instance.mask.rle
        if instance.keypoints:
            row["keypoints"] = [number for point in instance.keypoints for number in point]
        rows.append(row)
    return rows


def yolo_text(inference: Inference, *, scores: bool = False, names: Sequence[str] | None = None) -> str:
    """YOLO's label text: ``class x y width height`` a line, relative to the picture, centre first.

    ``class`` is the index of the label in ``names``, from 0: the lines of a dataset's ``classes.txt``, the names of its
    ``data.yaml``. Without them it is the model_id. Raises LabelError for a label that is not in ``names``.
    A turned box is the upright one around it.
    Format: https://docs.ultralytics.com/datasets/detect/
    """
    outer = inference.outer_boxes
    if outer is None:
        return ""
    width, height = inference.size
    boxes = outer.astype(np.float64)
    centres, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    columns = np.concatenate([centres, sides], axis=1) / (width, height, width, height)
    if scores and inference.scores is not None:
        columns = np.concatenate([columns, inference.scores[:, None]], axis=1)
    return "".join(
        f"{number} {' '.join(f'{value:.6f}' for value in row)}\n"
        for number, row in zip(_class_numbers(inference, names), columns.tolist(), strict=True)
    )


def yolo_name(name: str) -> str:
    """A label as a line of ``classes.txt``."""
    return " ".join(name.split()) or "unnamed"


def _class_numbers(inference: Inference, names: Sequence[str] | None) -> list[int]:
    if names is None:
        numbers: list[int] = inference.model_ids.tolist()
        return numbers
    known = {yolo_name(name): number for number, name in reversed(list(enumerate(names)))}
    unknown = [name for name in inference.names if yolo_name(name) not in known]
    if unknown:
        remedy = f"{ask_if_meant(unknown[0], names)}known: {', '.join(names)}"
        raise LabelError(f"the names of the classes have no {unknown[0]!r}", remedy=remedy)
    return [known[yolo_name(name)] for name in inference.names]


def to_supervision(inference: Inference, detections: Callable[..., T]) -> T:
    """``to_supervision(inference, sv.Detections)`` builds a ``supervision.Detections`` without importing supervision.

    Its arrays are copies. ``data`` has ``class_name`` and ``file_id``, and the corners of turned boxes as
    ``xyxyxyxy``, N x 4 x 2; keypoints and parents are left out.
    """
    masks, boxes, corners = inference.masks, inference.outer_boxes, inference.corners
    data = {"class_name": np.array(inference.names, dtype=str), "file_id": np.array(inference.file_ids, int)}
    if corners is not None:
        data["xyxyxyxy"] = corners
    return detections(
        xyxy=np.zeros((len(inference), 4), np.float32) if boxes is None else boxes.copy(),
        confidence=None if inference.scores is None else inference.scores.copy(),
        class_id=np.array(inference.model_ids, int),
        mask=np.stack([mask.array for mask in masks]) if masks else None,
        tracker_id=None if inference.tracks is None else np.array(inference.tracks, int),
        data=data,
    )


def from_supervision(
    detections: Any, *, brain: str, size: tuple[int, int], task: str = "object-detection"
) -> Inference:
    """An Inference from anything with the attributes of ``supervision.Detections``, by descending score.

    ``size`` is the picture's (width, height). A class without a ``class_name`` gets its number as its name.
    """
    count = len(detections.xyxy)
    ids = np.zeros(count, np.int64) if detections.class_id is None else np.asarray(detections.class_id, np.int64)
    scores = None if detections.confidence is None else np.asarray(detections.confidence, np.float32)
    inference = Inference(
        brain=brain, task=task, size=size, model_ids=ids, labels=_read_labels(ids, detections.data),
        boxes=np.asarray(detections.xyxy, np.float32).reshape(-1, 4), scores=scores,
        masks=None if detections.mask is None else tuple(Mask(array=mask) for mask in detections.mask),
        tracks=detections.tracker_id,
    )  # fmt: skip
    return inference if scores is None else inference.take(np.argsort(-scores, kind="stable"))


def _read_labels(ids: NDArray[np.int64], data: Mapping[str, Any]) -> LabelMap:
    """A label for each class that has a name: its first one."""
    names = data.get("class_name", ())
    file_ids = data.get("file_id", ids)
    rows = zip(ids.tolist(), np.asarray(file_ids).tolist(), names, strict=False)
    labels = {number: Label(number, file_id, str(name)) for number, file_id, name in reversed(list(rows))}
    return LabelMap(tuple(labels[number] for number in sorted(labels)))
