"""Compares what runner answered with what a model's publisher would answer.

Decoders and resizers differ, so near is enough: of boxes an IoU of 0.9 and a score to 0.03; of classes the best one, or
one as good to 0.1, and its probability to 0.1; of pixels 97 of 100; of vectors a cosine of 0.99; of points 2 of 100 of
their extent. Twice to five times as far is ``near``, which counts as partly right. References are asked with several
resizers, since the scores of some models move by a tenth from one to another.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from answers import Answer, Box, Boxes, Centres, Classes, ClassMap, Mask, Points, Vector
from decode import compute_iou
from predict import Prediction


class Nearness(IntEnum):
    """How near an answer is."""

    WRONG = 0
    NEAR = 1
    RIGHT = 2
    EMPTY = 3  # nothing to find, and nothing found: no evidence


def compare(prediction: Prediction, wanted: Answer) -> tuple[Nearness, str]:
    """Says how near an answer is, and what differs most."""
    if isinstance(wanted, Boxes):
        return _compare_boxes(prediction, wanted)
    if isinstance(wanted, Classes):
        return _compare_classes(prediction, wanted)
    if isinstance(wanted, ClassMap | Mask):
        return _compare_pixels(prediction, wanted)
    if isinstance(wanted, Centres):
        return _compare_centres(prediction, wanted)
    if isinstance(wanted, Vector | Points):
        return _compare_numbers(prediction, wanted)
    return Nearness.WRONG, "an answer to a model that should be refused"


def _grade(distance: float, right: float, near: float) -> Nearness:
    return Nearness.RIGHT if distance <= right else Nearness.NEAR if distance <= near else Nearness.WRONG


def _compare_boxes(prediction: Prediction, wanted: Boxes) -> tuple[Nearness, str]:
    rows = prediction.instances
    if any("box" not in row or row.get("score") is None for row in rows) or prediction.is_vector:
        return Nearness.WRONG, f"no boxes: {prediction.answer['task'] if prediction.answer else ''}"
    found = [Box(row.get("file_id") or 0, row["score"], tuple(row["box"])) for row in rows]
    must = [box for box in wanted.boxes if box.score >= wanted.least + 0.03]
    grades = [_match(box, found, wanted.single) for box in must]
    grades += [_match(box, wanted.boxes, wanted.single) for box in found if box.score >= wanted.least + 0.03]
    best = "".join(f", best {box.score:.2f}" for box in must[:1])
    got = "".join(f", best {box.score:.2f}" for box in sorted(found, key=lambda box: -box.score)[:1])
    return _sum_up(grades), f"{len(must)} wanted{best}; {len(found)} found{got}"


def _sum_up(grades: list[Nearness]) -> Nearness:
    """Right where all objects are, near where three of four are at least near."""
    if not grades:
        return Nearness.EMPTY
    if min(grades) is Nearness.WRONG and sum(grade > Nearness.WRONG for grade in grades) >= 0.75 * len(grades):
        return Nearness.NEAR
    return min(grades)


def _match(box: Box, others: list[Box], single: bool) -> Nearness:
    alike = [other for other in others if single or other.label == box.label]
    if not alike:
        return Nearness.WRONG
    overlaps = compute_iou(np.array(box.xyxy), np.array([other.xyxy for other in alike]))
    grades = [
        min(_grade(1 - overlap, 0.1, 0.5), _grade(abs(other.score - box.score), 0.03, 0.15))
        for overlap, other in zip(overlaps, alike, strict=True)
    ]
    return max(grades)


def _compare_centres(prediction: Prediction, wanted: Centres) -> tuple[Nearness, str]:
    found = [_find_centre(row) for row in prediction.instances]
    told = f"{len(wanted.xy)} centres wanted; {len(found)} found"
    if not found and not len(wanted.xy):
        return Nearness.EMPTY, told
    if len(found) != len(wanted.xy) or any(centre is None for centre in found):
        return Nearness.WRONG, told
    away = [min(float(np.linalg.norm(one - other)) for other in found) for one in wanted.xy]
    return _grade(max(away, default=0.0), wanted.reach, 2 * wanted.reach), told


def _find_centre(row: dict[str, Any]) -> np.ndarray | None:
    if row.get("keypoints"):
        return np.array(row["keypoints"][0][:2])
    return np.array(row["box"]).reshape(2, 2).mean(axis=0) if row.get("box") else None


def _compare_classes(prediction: Prediction, wanted: Classes) -> tuple[Nearness, str]:
    rows = [row for row in prediction.instances if row.get("score") is not None and "box" not in row]
    best = int(wanted.scores.argmax())
    top = max(rows, key=lambda row: row["score"], default={"score": 0.0})
    number, score = top.get("file_id", best), top["score"]
    told = f"class {best} {wanted.scores[best]:.3f} wanted; class {number} {score:.3f} found"
    if number >= len(wanted.scores) or wanted.scores[best] - wanted.scores[number] > 0.1:
        return Nearness.WRONG, told
    return _grade(abs(float(wanted.scores[number]) - score), 0.1, 0.2), told


def _compare_pixels(prediction: Prediction, wanted: ClassMap | Mask) -> tuple[Nearness, str]:
    labels, masks = prediction.read_class_map(), prediction.read_masks()
    if isinstance(wanted, ClassMap):
        found, truth = labels, wanted.labels
    else:
        found = masks if labels is None else labels > 0
        truth = wanted.scores > 0.5
        found = np.zeros_like(truth) if found is None and prediction.answer and not prediction.instances else found
    if found is None or found.shape != truth.shape:
        return Nearness.WRONG, f"no pixels: {prediction.answer['task'] if prediction.answer else ''}"
    differ = float(np.mean(found != truth))
    return _grade(differ, 0.03, 0.1), f"{100 * differ:.1f} % of the pixels differ"


def _compare_numbers(prediction: Prediction, wanted: Vector | Points) -> tuple[Nearness, str]:
    row = next(iter(prediction.instances), {})
    if isinstance(wanted, Points):
        if not row and not len(wanted.xy):
            return Nearness.EMPTY, "no points wanted, none found"
        if not row.get("keypoints"):
            return (Nearness.NEAR, "numbers, not points") if row.get("vector") else (Nearness.WRONG, "no points")
        found = np.array(row["keypoints"], float)[:, :2]
        if found.shape != wanted.xy.shape:
            return Nearness.WRONG, f"{len(wanted.xy)} points wanted, {len(found)} found"
        size = float(np.ptp(wanted.xy, axis=0).max())
        away = float(np.linalg.norm(found - wanted.xy, axis=1).mean()) / max(size, 1)
        return _grade(away, 0.02, 0.1), f"{100 * away:.1f} % away"
    vector = np.array(row.get("vector") or [], float)
    if vector.shape != wanted.values.shape:
        return Nearness.WRONG, f"{wanted.values.size} numbers wanted; {len(vector)} found"
    if vector.size < 3:
        away = float(np.abs(vector - wanted.values).max())
        return _grade(away, 0.05, 0.15), f"{vector.round(3)} found, {wanted.values.round(3)} wanted"
    cosine = float(vector @ wanted.values / max(np.linalg.norm(vector) * np.linalg.norm(wanted.values), 1e-9))
    return _grade(1 - cosine, 0.01, 0.1), f"cosine {cosine:.3f}"
