"""Face detectors that are no SSD: YuNet, CenterFace, SCRFD.

Sources: ``FaceDetectorYN`` of OpenCV
(https://github.com/opencv/opencv/blob/4.x/modules/objdetect/src/face_detect.cpp: BGR from 0 to 255, score the root of
class times objectness, 0.6 and 0.3 by its example); https://github.com/Star-Clouds/CenterFace (``centerface.py``: RGB
from 0 to 255, sides stretched to whole multiples of 32, 0.5 and 0.3); ``scrfd.py`` of
https://github.com/deepinsight/insightface (RGB less 127.5, by 128, padded below and at the right with black; 0.5 and
0.4).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Boxes
from decode import get_corners, make_cells, select
from engines import run
from pictures import letterbox, scale_values, stretch


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the faces, by the word that names the detector."""
    return next(read for name, read in READERS.items() if name in words)(path, picture, words)


def _refer_yunet(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    side = int(words.get("side", "0"))
    height, width = (side, side) if side else (-(-size // 32) * 32 for size in picture.shape[:2])
    if side:
        fitted = letterbox(picture, side, side, 0, centred=False)
        canvas, scale = fitted.canvas, fitted.scale
    else:
        rows, columns = picture.shape[:2]
        canvas, scale = np.pad(picture, ((0, height - rows), (0, width - columns), (0, 0))), 1.0
    outputs = run(path, canvas[..., ::-1].astype(np.float32).transpose(2, 0, 1)[None])
    boxes, scores = [], []
    for level, stride in enumerate((8, 16, 32)):
        classes, objects, told = (outputs[level + 3 * kind][0] for kind in range(3))
        cells = make_cells(height // stride, width // stride, stride)
        boxes.append(np.concatenate([cells + told[:, :2] * stride, np.exp(told[:, 2:]) * stride], axis=1))
        scores.append(np.sqrt(np.clip(classes, 0, 1) * np.clip(objects, 0, 1)))
    return select(get_corners(np.concatenate(boxes)) / scale, np.concatenate(scores), picture, least=0.6, iou=0.3)


def _refer_centerface(path: Path, picture: np.ndarray, _words: dict[str, str]) -> Boxes:
    rows, columns = picture.shape[:2]
    height, width = (-(-size // 32) * 32 for size in (rows, columns))
    heat, size, offset, _ = _run_freely(
        path, stretch(picture, width, height).astype(np.float32).transpose(2, 0, 1)[None]
    )
    cells = make_cells(height // 4, width // 4, 4, offset=0.5)
    extent = np.exp(size[0].reshape(2, -1).T[:, ::-1]) * 4
    centre = cells + offset[0].reshape(2, -1).T[:, ::-1] * 4
    xyxy = get_corners(np.concatenate([centre, extent], axis=1)) * np.array([columns / width, rows / height] * 2)
    return select(xyxy, heat[0].reshape(-1, 1), picture, least=0.5, iou=0.3)


def _run_freely(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    """Runs an ONNX model at a size that its inputs do not state, as its publisher does."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        for index, axis in enumerate(value.type.tensor_type.shape.dim):
            if index != 1:
                axis.dim_param = f"{value.name}_{index}"
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: tensor})


def _refer_scrfd(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    side = int(words.get("side", "640"))
    fitted = letterbox(picture, side, side, 0, centred=False)
    outputs = run(path, scale_values(fitted.canvas, 127.5, 128).transpose(2, 0, 1)[None])
    boxes, scores = [], []
    for level, stride in enumerate((8, 16, 32)):
        cells, told = make_cells(side // stride, side // stride, stride, anchors=2), outputs[level + 3][0] * stride
        boxes.append(np.concatenate([cells - told[:, :2], cells + told[:, 2:]], axis=1))
        scores.append(outputs[level][0])
    xyxy = fitted.restore(np.concatenate(boxes).reshape(-1, 2, 2)).reshape(-1, 4)
    return select(xyxy, np.concatenate(scores), picture, least=0.5, iou=0.4)


READERS = {"yunet": _refer_yunet, "centerface": _refer_centerface, "scrfd": _refer_scrfd}
