"""Inferences to try things on: ``sample`` has three rows, ``full`` every column."""

from __future__ import annotations

import numpy as np

from runner_core.cards.labels import Label, LabelMap
from runner_core.results.columns import NO_NUMBER
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask

LABELS = LabelMap((Label(1, 17, "page"), Label(2, 18, "graph")))


def sample(**columns: object) -> Inference:
    given = {
        "boxes": [[0, 0, 10, 10], [5, 5, 20, 20], [1, 2, 3, 4]],
        "scores": [0.9, 0.8, 0.5],
        "model_ids": [1, 2, 1],
        **columns,
    }
    return Inference(brain="demo", task="object-detection", size=(60, 40), labels=LABELS, **given)


def full() -> Inference:
    masks = tuple(Mask(array=np.tri(40, 60, row, dtype=bool)) for row in range(3))
    return sample(
        masks=masks,
        keypoints=np.arange(18, dtype=np.float32).reshape(3, 2, 3),
        tracks=[4, NO_NUMBER, 6],
        parents=[NO_NUMBER, 0, 1],
        class_map=np.tri(40, 60, dtype=np.uint8) * 2,
        ms={"encode": 0.5, "run": 1.25, "decode": 0.125},
        version="3",
        engine="onnx",
    )
