"""Detectors that end in rows of finished boxes: TensorFlow's TFLite_Detection_PostProcess, and [1, 1, N, 7] of the
Open Model Zoo and of Caffe's SSD.

Sources: https://github.com/tensorflow/models/blob/master/research/object_detection (boxes as y1 x1 y2 x2 in shares,
classes, scores, a count; input stretched, -1 to 1) and https://docs.openvino.ai (model descriptions: image, class,
score, x1 y1 x2 y2 in shares; BGR from 0 to 255, stretched).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Box, Boxes
from decode import FLOOR
from engines import get_shape, run
from pictures import scale_values, stretch


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the objects; the words ``width`` and ``height`` mean a model of the Open Model Zoo."""
    if "width" in words:
        pixels = stretch(picture, int(words["width"]), int(words["height"]))[..., ::-1]
        rows = run(path, pixels.astype(np.float32).transpose(2, 0, 1)[None])[0].reshape(-1, 7)
        rows = rows[: np.argmin(rows[:, 0])] if (rows[:, 0] < 0).any() else rows
        labels, scores, xyxy = rows[:, 1], rows[:, 2], rows[:, 3:]
    else:
        side = get_shape(path)[1]
        values = scale_values(stretch(picture, side, side), 127.5, 127.5)[None]
        corners, labels, scores, _ = (out[0] for out in run(path, values))
        xyxy = corners[:, [1, 0, 3, 2]]
    height, width = picture.shape[:2]
    xyxy = np.clip(xyxy, 0, 1) * (width, height, width, height)
    kept = np.flatnonzero(scores >= FLOOR)
    found = [Box(int(labels[i]), float(scores[i]), tuple(xyxy[i].tolist())) for i in kept]
    return Boxes(found, least=0.5, single="width" in words)
