"""YOLOX: rows of every cell, ``(xy + cell) * stride`` and ``exp(wh) * stride``, objectness, scores of classes.

Source: ``preproc`` and ``demo_postprocess`` of https://github.com/Megvii-BaseDetection/YOLOX (BGR from 0 to 255, padded
below and at the right with 114, sides cut to whole pixels; confidence 0.3, NMS 0.45).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Boxes
from decode import get_corners, make_cells, select
from engines import run
from pictures import letterbox


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the objects. ``side``: of the square input."""
    side = int(words["side"])
    fitted = letterbox(picture, side, side, 114, centred=False, cut=True)
    values = fitted.canvas[..., ::-1].astype(np.float32)
    rows = run(path, np.ascontiguousarray(values.transpose(2, 0, 1)[None]))[0][0]
    cells = np.concatenate([make_cells(side // stride, side // stride, stride) for stride in (8, 16, 32)])
    strides = np.concatenate([np.full((side // stride) ** 2, stride) for stride in (8, 16, 32)])[:, None]
    boxes = get_corners(np.concatenate([rows[:, :2] * strides + cells, np.exp(rows[:, 2:4]) * strides], axis=1))
    xyxy = fitted.restore(boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    return select(xyxy, rows[:, 4:5] * rows[:, 5:], picture, least=0.3, iou=0.45)
