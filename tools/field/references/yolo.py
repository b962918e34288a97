"""Ultralytics' YOLO v5, v8 and v11: boxes as centre and size, in pixels or as shares of the input, and scores of
classes.

Sources: ``non_max_suppression`` and ``LetterBox`` of https://github.com/ultralytics/ultralytics and of its yolov5
(letterbox with 114, RGB from 0 to 1, confidence 0.25, NMS 0.45 or 0.7); NudeNet pads below and at the right with
black instead (https://github.com/notAI-tech/NudeNet). Exports to TFLite give boxes as shares of the input.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Boxes
from decode import get_corners, select
from engines import get_shape, run
from pictures import letterbox


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the objects. ``side``: of the square input; ``objectness``: rows have one, as those of v5."""
    side = int(words["side"])
    fitted = letterbox(picture, side, side, int(words.get("fill", "114")), centred=words.get("pad") != "below")
    tensor = (fitted.canvas / np.float32(255)).astype(np.float32)[None]
    out = run(path, tensor if _reads_pixels(path) else tensor.transpose(0, 3, 1, 2))[0][0]
    rows = out if out.shape[0] > out.shape[1] else out.T
    boxes = get_corners(rows[:, :4] * (side if path.suffix == ".tflite" else 1))
    scores = rows[:, 5:] * rows[:, 4:5] if "objectness" in words else rows[:, 4 : int(words.get("end", "1000"))]
    xyxy = fitted.restore(boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    return select(xyxy, scores, picture, least=0.25, iou=float(words.get("iou", "0.45")))


def _reads_pixels(path: Path) -> bool:
    return path.suffix == ".tflite" and get_shape(path)[-1] == 3
