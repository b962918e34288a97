"""MediaPipe's first stages: faces, palms, people. Boxes relative to the centres of cells, with key points behind
them.

Sources: https://github.com/google-ai-edge/mediapipe: ``ssd_anchors_calculator.cc``,
``tensors_to_detections_calculator.cc``, ``non_max_suppression_calculator.cc`` (weighted, 0.3) and the graphs of each
module (padded on both sides with black; faces and people -1 to 1, palms 0 to 1; least scores 0.5).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Box, Boxes
from decode import FLOOR, compute_iou, get_corners, make_cells, sigmoid
from engines import run
from pictures import letterbox, scale_values


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the boxes. ``side``: of the input; ``strides``: of the layers, as 8,16,16,16; ``range``: 0..1 or not."""
    side, strides = int(words["side"]), [int(stride) for stride in words["strides"].split(",")]
    fitted = letterbox(picture, side, side, 0)
    values = scale_values(fitted.canvas, *((0, 255) if words.get("range") == "0..1" else (127.5, 127.5)))[None]
    outputs = [out[0] for out in run(path, values)]
    scores = sigmoid(np.concatenate([out for out in outputs if out.shape[-1] == 1]))[:, 0]
    told = np.concatenate([out for out in outputs if out.shape[-1] != 1])
    boxes = get_corners(np.concatenate([told[:, :2] + _make_centres(side, strides), told[:, 2:4]], axis=1))
    merged = _merge(fitted.restore(boxes.reshape(-1, 2, 2)).reshape(-1, 4), scores)
    height, width = picture.shape[:2]
    limits = [width, height, width, height]
    found = [Box(0, score, tuple(np.clip(box, 0, limits).tolist())) for box, score in merged]
    return Boxes(found, least=0.5, single=True)


def _make_centres(side: int, strides: list[int]) -> np.ndarray:
    """Gives the centres of cells, in pixels of the input; two anchors a layer, but one of a single layer."""
    each = 1 if len(strides) == 1 else 2
    parts = []
    for stride in dict.fromkeys(strides):
        cells = side // stride
        parts.append(make_cells(cells, cells, stride, anchors=each * strides.count(stride), offset=0.5))
    return np.concatenate(parts)


def _merge(boxes: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    order, merged = [i for i in np.argsort(-scores) if scores[i] >= FLOOR], []
    while order:
        near = [i for i in order if compute_iou(boxes[order[0]], boxes[[i]])[0] > 0.3] or order[:1]
        strong = [i for i in near if scores[i] >= 0.5] or near[:1]
        merged.append((np.average(boxes[strong], axis=0, weights=scores[strong]), float(scores[order[0]])))
        order = [i for i in order if i not in near]
    return merged
