"""What brains found, as the page is told it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.drawing import MIN_KEYPOINT_SCORE, PERSON_LIMBS, RGB, choose_colour, choose_ink
from runner_core.results import Failure, Inference

MOST = 300  # instances of a brain


def entry(said: Inference | Failure, ms: float | None) -> dict[str, Any]:
    """Of one brain: its name, milliseconds and instances, or why there are none."""
    if isinstance(said, Failure):
        return {"brain": said.brain, "error": said.message}
    return {
        "brain": said.brain, "task": said.task, "engine": said.engine, "parent": said.parent_brain,
        "ms": ms, "stages": dict(said.ms), "found": len(said), "layers": _layers(said),
        "classes": _classes(said), "instances": _instances(said), "limbs": _limbs(said),
    }  # fmt: skip


def _layers(inference: Inference) -> list[str]:
    """What there is to switch."""
    there = {
        "boxes": inference.boxes is not None,
        "masks": inference.masks is not None or inference.class_map is not None,
        "keypoints": inference.keypoints is not None,
    }
    return [*(name for name, given in there.items() if given), "names"]


def _classes(inference: Inference) -> dict[int, dict[str, str]]:
    """Names and colours by model_id."""
    return {label.model_id: _class(inference.brain, label.model_id, label.name) for label in inference.found}


def _class(brain: str, model_id: int, name: str) -> dict[str, str]:
    colour = choose_colour(brain, model_id)
    return {"name": name, "colour": _css(colour), "ink": _css(choose_ink(colour))}


def _css(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _instances(inference: Inference) -> list[dict[str, Any]]:
    """One a row, in its order; numbers that are none are left out."""
    rows: list[dict[str, Any]] = [{"class": number} for number in inference.model_ids[:MOST].tolist()]
    columns = {
        "score": None if inference.scores is None else _numbers(inference.scores, 4),
        "box": None if inference.boxes is None else _numbers(inference.boxes, 1),
        "keypoints": None if inference.keypoints is None else _numbers(inference.keypoints, 2),
        "track": None if inference.tracks is None else inference.tracks.tolist(),
    }
    for key, column in columns.items():
        for row, value in zip(rows, column or (), strict=False):
            row[key] = value
    return rows


def _numbers(column: NDArray[np.float32], digits: int) -> list[Any]:
    """Rounded; JSON has no infinity and nothing that is no number."""
    rounded: list[Any] = np.nan_to_num(column[:MOST].astype(float), posinf=1e6, neginf=-1e6).round(digits).tolist()
    return rounded


def _limbs(inference: Inference) -> dict[str, Any] | None:
    """How the keypoints hang together, where that is known, and the least score of one that is drawn."""
    points = inference.keypoints
    if points is None:
        return None
    person = points.shape[1] == 17 and "person" in inference.names
    return {"least": MIN_KEYPOINT_SCORE, "pairs": PERSON_LIMBS if person else ()}
