"""Heads with anchors: Yolo-Fastest (as YOLOv3) and Yolo-FastestV2 (as YOLOv5, with classes shared by a cell's
anchors).

Sources: https://github.com/dog-qiuqiu/Yolo-FastestV2 (anchors and ``handel_preds`` in ``utils/utils.py``; BGR from 0
to 1, stretched to 352; confidence 0.3, NMS 0.4) and https://github.com/dog-qiuqiu/Yolo-Fastest, whose Keras export
reads RGB.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Boxes
from decode import get_corners, make_cells, select, sigmoid, softmax
from engines import run
from pictures import stretch

V2_ANCHORS = np.array([12.64, 19.39, 37.88, 51.48, 55.71, 138.31, 126.91, 78.23, 131.57, 214.55, 279.92, 258.87])
V1_ANCHORS = np.array([12, 18, 37, 49, 52, 132, 115, 73, 119, 199, 242, 238])


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the objects, by the words ``v2`` or ``v1``; ``raw`` says that a quantised input takes 0 to 255."""
    side = 352 if "v2" in words else 416
    pixels = stretch(picture, side, side).astype(np.float32) / (1 if "raw" in words else 255)
    if "v2" in words:
        boxes, scores = _read_v2(run(path, pixels[..., ::-1].transpose(2, 0, 1)[None])[0], side)
    else:
        boxes, scores = _read_v1(run(path, pixels[None]), side)
    ratio = np.array(picture.shape[1::-1] * 2) / side
    return select(get_corners(boxes) * ratio, scores, picture, least=0.3, iou=0.4)


def _read_v2(rows: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    anchors = V2_ANCHORS.reshape(2, 3, 2)
    boxes, scores, start = [], [], 0
    for stride, sizes in zip((16, 32), anchors, strict=True):
        cells = make_cells(side // stride, side // stride, stride)
        part = rows[start : start + len(cells)]
        start += len(cells)
        for index, size in enumerate(sizes):
            told = part[:, 4 * index : 4 * index + 4]
            boxes.append(
                np.concatenate([(told[:, :2] * 2 - 0.5) * stride + cells, (told[:, 2:] * 2) ** 2 * size], axis=1)
            )
            scores.append(part[:, 12 + index : 13 + index] * part[:, 15:])
    return np.concatenate(boxes), np.concatenate(scores)


def _read_v1(outputs: list[np.ndarray], side: int) -> tuple[np.ndarray, np.ndarray]:
    boxes, scores = [], []
    for out in outputs:
        cells = out.shape[1]
        stride, sizes = side / cells, V1_ANCHORS.reshape(2, 3, 2)[0 if cells == side // 16 else 1]
        rows = out.reshape(cells * cells, 3, -1)
        corners = make_cells(cells, cells, 1)[:, None]
        centre = (corners + sigmoid(rows[..., :2])) * stride
        boxes.append(np.concatenate([centre, np.exp(rows[..., 2:4]) * sizes], axis=-1).reshape(-1, 4))
        scores.append((sigmoid(rows[..., 4:5]) * softmax(rows[..., 5:])).reshape(-1, rows.shape[-1] - 5))
    return np.concatenate(boxes), np.concatenate(scores)
