"""COCO's twelve figures of boxes and masks, ten of keypoints, by faster-coco-eval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from runner_core.datasets import Truth
from runner_core.results import Inference
from runner_eval.scores import Floats

KINDS = {"boxes": "bbox", "masks": "segm", "keypoints": "keypoints"}  # a part of an answer -> COCO's word for it
_OF_OBJECTS = (
    "mAP50:95", "mAP50", "mAP75", "mAP small", "mAP medium", "mAP large",
    "AR1", "AR10", "AR100", "AR small", "AR medium", "AR large",
)  # fmt: skip
_OF_KEYPOINTS = (
    "mAP50:95", "mAP50", "mAP75", "mAP medium", "mAP large", "AR", "AR50", "AR75", "AR medium", "AR large",
)  # fmt: skip
_PERSON = 17  # keypoints, for which COCO knows how exactly people place each


@attrs.frozen(eq=False)
class CocoResult:
    """What COCO's evaluation says.

    ``ious``       by place of the picture and number of the class: D x G, the best score first; absent: none.
    ``precision``  10 x 101 x classes: by IoU, by recall; -1 for a class without a real thing.
    ``recall``     10 x classes.
    """

    figures: dict[str, float | None]
    ious: Mapping[tuple[int, int], Floats]
    precision: Floats
    recall: Floats


def evaluate_coco(part: str, pairs: Sequence[tuple[Truth, Inference]], names: Sequence[str]) -> CocoResult:
    """Of answers whose ``model_ids`` are places in ``names``. Picture i is image i + 1, class k is category k + 1."""
    truth = COCO(_describe_truths(part, [truth for truth, _ in pairs], names))
    rows = [row for place, (_, answer) in enumerate(pairs) for row in _describe_answer(part, place, answer)]
    count = 0 if part != "keypoints" else count_keypoints([truth.answer for truth, _ in pairs])
    sigmas = None if count in (0, _PERSON) else [1 / count] * count
    run = COCOeval_faster(
        truth, truth.loadRes(rows), KINDS[part], print_function=_be_silent, kpt_oks_sigmas=sigmas, extra_calc=False
    )
    run.params.catIds = list(range(1, len(names) + 1))
    run.run()
    stats = [None if value < 0 else float(value) for value in run.stats]
    return CocoResult(
        figures=dict(zip(_OF_KEYPOINTS if part == "keypoints" else _OF_OBJECTS, stats, strict=False)),
        ious={
            (image - 1, category - 1): np.asarray(ious, np.float64)
            for (image, category), ious in run.ious.items()
            if len(ious)
        },
        precision=run.eval["precision"][:, :, :, 0, -1],
        recall=run.eval["recall"][:, :, 0, -1],
    )


def count_keypoints(answers: Sequence[Inference]) -> int:
    """How many keypoints the first row has that has any; 0 where none has."""
    return next((answer.keypoints.shape[1] for answer in answers if answer.keypoints is not None and len(answer)), 0)


def list_areas(truth: Truth) -> list[float]:
    """Of the rows, in square pixels: as the file says, else of the masks, else of the boxes."""
    answer = truth.answer
    if truth.areas:
        return list(truth.areas)
    if answer.masks is not None:
        return [float(mask.area) for mask in answer.masks]
    return [width * height for _, _, width, height in to_coco_boxes(answer)]


def to_coco_boxes(answer: Inference) -> list[list[float]]:
    """x, y, width, height of each row; zeros where there are no boxes."""
    boxes = answer.outer_boxes
    if boxes is None:
        return [[0.0] * 4] * len(answer)
    wide = boxes.astype(np.float64)
    rows: list[list[float]] = np.concatenate([wide[:, :2], wide[:, 2:] - wide[:, :2]], axis=1).tolist()
    return rows


def _describe_truths(part: str, truths: Sequence[Truth], names: Sequence[str]) -> dict[str, Any]:
    """A dataset in COCO's form; rows that are ignored are crowds."""
    images = [
        {"id": place, "width": truth.answer.size[0], "height": truth.answer.size[1]}
        for place, truth in enumerate(truths, 1)
    ]
    rows = [row for place, truth in enumerate(truths, 1) for row in _describe_truth(part, place, truth)]
    annotations = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    categories = [{"id": number, "name": name} for number, name in enumerate(names, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def _describe_truth(part: str, image: int, truth: Truth) -> list[dict[str, Any]]:
    answer, areas, boxes = truth.answer, list_areas(truth), to_coco_boxes(truth.answer)
    rows: list[dict[str, Any]] = [
        {"image_id": image, "category_id": number + 1, "bbox": boxes[row], "area": areas[row],
         "iscrowd": int(row in truth.ignored)}
        for row, number in enumerate(answer.model_ids.tolist())
    ]  # fmt: skip
    for row, data in enumerate(rows):
        if part == "masks" and answer.masks is not None:
            data["segmentation"] = answer.masks[row].rle
        if part == "keypoints" and answer.keypoints is not None:
            seen = answer.keypoints[row][:, 2] > 0
            data["keypoints"] = _flatten(answer.keypoints[row], np.where(seen, 2.0, 0.0))
            data["num_keypoints"] = int(seen.sum())
    return rows


def _describe_answer(part: str, place: int, answer: Inference) -> list[dict[str, Any]]:
    boxes = to_coco_boxes(answer)
    scores = [1.0] * len(answer) if answer.scores is None else answer.scores.tolist()
    rows = []
    for row, number in enumerate(answer.model_ids.tolist()):
        data: dict[str, Any] = {"image_id": place + 1, "category_id": number + 1, "score": scores[row]}
        if part == "boxes":
            data["bbox"] = boxes[row]
        elif part == "masks" and answer.masks is not None:
            data["segmentation"] = answer.masks[row].rle
        elif answer.keypoints is not None:
            data["keypoints"] = _flatten(answer.keypoints[row], answer.keypoints[row][:, 2])
        rows.append(data)
    return rows


def _flatten(points: Any, last: Any) -> list[float]:
    """x, y and ``last`` of each point in one list."""
    flat: list[float] = np.concatenate([points[:, :2], last[:, None]], axis=1).astype(np.float64).ravel().tolist()
    return flat


def _be_silent(*_: object) -> None:
    """It would print tables."""
