"""YOLOv2 for small chips (ST's YOLO LC): one map, five anchors a cell, scores of classes by softmax.

Source: ``YoloLC`` of https://github.com/openmv/openmv/blob/master/scripts/libraries/ml/ml-darknet/ml/postprocessing/darknet.py
(RGB from 0 to 1, stretched; 0.4 in its example, NMS 0.1).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Boxes
from decode import get_corners, make_cells, select, sigmoid, softmax
from engines import get_shape, run
from pictures import stretch

ANCHORS = np.array(
    [[0.076023, 0.258508], [0.163031, 0.413531], [0.234769, 0.702585], [0.427054, 0.715892], [0.748154, 0.857092]]
)


def refer(path: Path, picture: np.ndarray, _words: dict[str, str]) -> Boxes:
    """Gives the objects."""
    side = get_shape(path)[1]
    out = run(path, (stretch(picture, side, side) / np.float32(255))[None])[0][0]
    cells = out.shape[0]
    rows = out.reshape(cells * cells, len(ANCHORS), -1)
    centre = (make_cells(cells, cells, 1)[:, None] + sigmoid(rows[..., :2])) / cells
    extent = ANCHORS * np.exp(rows[..., 2:4]) / cells
    xyxy = get_corners(np.concatenate([centre, extent], axis=-1)).reshape(-1, 4) * (picture.shape[1::-1] * 2)
    scores = (sigmoid(rows[..., 4:5]) * softmax(rows[..., 5:])).reshape(len(xyxy), -1)
    return select(xyxy, scores, picture, least=0.5, iou=0.1)
