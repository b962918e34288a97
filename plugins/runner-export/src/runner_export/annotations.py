"""Annotations: what brains found, as rows of a COCO file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from runner_core.results import Inference, coco_results
from runner_export.outline import trace_outline
from runner_export.places import find_boxes, find_labelled, points_of

LABELLED = 2  # and visible; 0 is not labelled, 1 labelled but hidden

Row = dict[str, Any]


def list_results(inference: Inference, image_id: int) -> Iterator[Row]:
    """The rows of ``coco_results``, each with the box and the score that COCO's tools require; a missing score is 1.

    The inference has places. Format: https://cocodataset.org/#format-results
    """
    for row, box in zip(coco_results(inference, image_id), _list_boxes(inference), strict=True):
        yield {"score": 1.0} | row | {"bbox": box}


def list_annotations(inference: Inference, image_id: int) -> Iterator[Row]:
    """Rows of a dataset, without their ids; a row has a ``score`` if the method gives one.

    A mask is a polygon, which holds exactly its pixels: what COCO writes for one object, and all that some tools read.
    ``area`` is the mask's, else the box's. Keypoints that score less than 0.2, or lie outside, are not labelled.
    The inference has places. Format: https://cocodataset.org/#format-data
    """
    keypoints = _list_keypoints(inference)
    for instance, box, more in zip(inference.instances, _list_boxes(inference), keypoints, strict=True):
        row: Row = {"image_id": image_id, "category_id": instance.file_id, "bbox": box, "area": box[2] * box[3]}
        if instance.mask:
            polygon = trace_outline(instance.mask.array)
            row["area"] = float(instance.mask.area)
            row["segmentation"] = [polygon.ravel().tolist()] if len(polygon) else []
        row["iscrowd"] = 0
        if instance.score is not None:
            row["score"] = instance.score
        yield row | more


def to_crowd(inference: Inference, row: int) -> Row:
    """What makes the annotation of a row a crowd, whose mask COCO's tools read as run lengths alone."""
    return {"iscrowd": 1} | ({} if inference.masks is None else {"segmentation": inference.masks[row].rle})


def _list_boxes(inference: Inference) -> list[list[float]]:
    """x, y, width, height of each."""
    return [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in find_boxes(inference).tolist()]


def _list_keypoints(inference: Inference) -> list[Row]:
    """``keypoints``, x, y and v of each in turn, and ``num_keypoints``, how many are labelled; nothing without any."""
    if inference.keypoints is None:
        return [{} for _ in range(len(inference))]
    points, labelled = points_of(inference).astype(object), find_labelled(inference)
    points[..., 2] = LABELLED  # an int between floats
    rows = [[*row.flat] for row in np.where(labelled[..., None], points, 0)]
    return [
        {"keypoints": row, "num_keypoints": count}
        for row, count in zip(rows, labelled.sum(axis=1).tolist(), strict=True)
    ]
