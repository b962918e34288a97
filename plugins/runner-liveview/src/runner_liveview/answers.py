"""What brains found, in the form that the page reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.drawing import MIN_KEYPOINT_SCORE, PERSON_LIMBS, RGB, choose_colour, choose_ink
from runner_core.results import Failure, Inference

MOST = 300  # instances of a brain


def describe_answer(answer: Inference | Failure, ms: float | None) -> dict[str, Any]:
    """One brain's answer: its name, milliseconds and instances, or its error."""
    if isinstance(answer, Failure):
        return {"brain": answer.brain, "error": answer.message}
    return {
        "brain": answer.brain, "task": answer.task, "engine": answer.engine, "parent": answer.parent_brain,
        "ms": ms, "stages": dict(answer.ms), "found": len(answer), "layers": _list_layers(answer),
        "classes": _list_classes(answer), "instances": _list_instances(answer), "limbs": _list_limbs(answer),
    }  # fmt: skip


def _list_layers(inference: Inference) -> list[str]:
    """The layers that can be switched on and off."""
    there = {
        "boxes": inference.boxes is not None,
        "masks": inference.masks is not None or inference.class_map is not None,
        "keypoints": inference.keypoints is not None,
    }
    return [*(name for name, given in there.items() if given), "names"]


def _list_classes(inference: Inference) -> dict[int, dict[str, str]]:
    """Names and colours by model_id."""
    return {label.model_id: _describe_class(inference.brain, label.model_id, label.name) for label in inference.found}


def _describe_class(brain: str, model_id: int, name: str) -> dict[str, str]:
    colour = choose_colour(brain, model_id)
    return {"name": name, "colour": _to_css(colour), "ink": _to_css(choose_ink(colour))}


def _to_css(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _list_instances(inference: Inference) -> list[dict[str, Any]]:
    """One dict a row, in order; columns that the answer does not have are left out."""
    rows: list[dict[str, Any]] = [{"class": number} for number in inference.model_ids[:MOST].tolist()]
    columns = {
        "score": None if inference.scores is None else _round_numbers(inference.scores, 4),
        "box": None if inference.outer_boxes is None else _round_numbers(inference.outer_boxes, 1),
        "corners": None if inference.corners is None else _round_numbers(inference.corners, 1),
        "keypoints": None if inference.keypoints is None else _round_numbers(inference.keypoints, 2),
        "track": None if inference.tracks is None else inference.tracks.tolist(),
    }
    for key, column in columns.items():
        for row, value in zip(rows, column or (), strict=False):
            row[key] = value
    return rows


def _round_numbers(column: NDArray[np.float32], digits: int) -> list[Any]:
    """Rounded; JSON has neither infinity nor NaN."""
    rounded: list[Any] = np.nan_to_num(column[:MOST].astype(float), posinf=1e6, neginf=-1e6).round(digits).tolist()
    return rounded


def _list_limbs(inference: Inference) -> dict[str, Any] | None:
    """Which keypoints are connected, if that is known, and the score threshold of those that are drawn."""
    points = inference.keypoints
    if points is None:
        return None
    person = points.shape[1] == 17 and "person" in inference.names
    return {"least": MIN_KEYPOINT_SCORE, "pairs": PERSON_LIMBS if person else ()}
