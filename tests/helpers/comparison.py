"""How near two sets of instances are, compared as ``runner verify`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runner_core.cards.labels import LabelMap
from runner_core.results.compare import Tolerance, compare_inferences
from runner_core.results.inference import Inference


def make_inference(rows: Sequence[Mapping[str, Any]]) -> Inference:
    """An Inference of rows with a label, a score and a box, as expected.json and JSON lines have them."""
    names = sorted({row["label"] for row in rows})
    return Inference(
        brain="any", task="object-detection", size=(1, 1), labels=LabelMap.from_names(names),
        model_ids=np.array([names.index(row["label"]) for row in rows], int),
        scores=np.array([row["score"] for row in rows], np.float32),
        boxes=np.array([row["box"] for row in rows], np.float32).reshape(-1, 4),
    )  # fmt: skip


def assert_agree(
    found: Sequence[Mapping[str, Any]],
    expected: Sequence[Mapping[str, Any]],
    *,
    least: float,
    score: float,
    border: float = 0.5,
) -> None:
    """Each expected instance is found, with its label, an IoU of ``least``, a score within ``score``; nothing else is.

    An instance whose score lies within ``score`` of the threshold ``border`` may be missing on either side.
    """
    tolerance = Tolerance(iou=least, score=score, threshold=border)
    comparison = compare_inferences(make_inference(expected), make_inference(found), tolerance)
    assert comparison.ok, comparison
