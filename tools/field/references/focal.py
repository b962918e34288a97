"""NanoDet and PicoDet: for each cell the scores of classes, and four distributions of the distance to each side.

Sources: https://github.com/RangiLyu/nanodet (``nanodet_head.py``: the cell's centre is ``(cell + 0.5) * stride -
0.5`` in the first version; BGR less the mean, by the deviation; confidence 0.4, NMS 0.3 in its demo) and the PicoDet
head of https://github.com/PaddlePaddle/PaddleDetection (``(cell + 0.5) * stride``, stretched, ImageNet's deviations;
RapidLayout gives it BGR pictures; confidence 0.4, NMS 0.5).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Boxes
from decode import make_cells, select, softmax
from engines import get_shape, run
from inputs import IMAGENET_MEAN, IMAGENET_STD
from pictures import Letterbox, letterbox, scale_values, stretch


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the objects, by the words ``nanodet`` or ``picodet``."""
    nanodet = "nanodet" in words
    height, width = get_shape(path)[2:]
    fitted = letterbox(picture, width, height, 0) if nanodet else Letterbox(stretch(picture, width, height), 1, 0, 0)
    mean, deviation = (IMAGENET_MEAN[::-1], IMAGENET_STD[::-1]) if nanodet else (IMAGENET_MEAN, IMAGENET_STD)
    values = scale_values(fitted.canvas[..., ::-1], mean, deviation)
    outputs = run(path, values.transpose(2, 0, 1)[None])
    levels, boxes, scores = len(outputs) // 2, [], []
    for level in range(levels):
        stride = 8 * 2**level
        centre = make_cells(-(-height // stride), -(-width // stride), stride, offset=0.5) - 0.5 * nanodet
        boxes.append(_spread(centre, outputs[level + levels][0], stride))
        scores.append(outputs[level][0])
    xyxy = np.concatenate(boxes)
    if nanodet:
        xyxy = fitted.restore(xyxy.reshape(-1, 2, 2)).reshape(-1, 4)
    else:
        xyxy = xyxy * (np.array(picture.shape[1::-1] * 2) / (width, height, width, height))
    return select(xyxy, np.concatenate(scores), picture, least=0.5, iou=0.3 if nanodet else 0.5)


def _spread(centre: np.ndarray, told: np.ndarray, stride: int) -> np.ndarray:
    bins = told.shape[-1] // 4
    distance = softmax(told.reshape(-1, 4, bins)) @ np.arange(bins) * stride
    return np.concatenate([centre - distance[:, :2], centre + distance[:, 2:]], axis=1)
