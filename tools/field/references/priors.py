"""Detectors with prior boxes that their file leaves out: UltraFace, RetinaFace, AIZOO's masks.

Sources: https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB (``vision/ssd/config/fd_config.py``:
RGB less 127, by 128, stretched; the plain exports hold corners as shares of the input; 0.7 and 0.3),
https://github.com/biubug6/Pytorch_Retinaface (``data/config.py``, ``utils/box_utils.py``: BGR less 104, 117, 123, the
picture as it is, which here means padded; sizes 16 32 / 64 128 / 256 512, or those of the words; 0.6 and 0.4 in its
``detect.py``) and https://github.com/AIZOOTech/FaceMaskDetection (RGB from 0 to 1, stretched to 260; 0.5 and 0.4).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Boxes
from decode import get_corners, make_cells, select, softmax
from engines import run
from pictures import letterbox, scale_values, stretch

AIZOO_RATIOS = (1.0, 0.62, 0.42)
AIZOO_SIZES = ((0.04, 0.056), (0.08, 0.11), (0.16, 0.22), (0.32, 0.45), (0.64, 0.72))


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    """Gives the faces, by the word that names the detector."""
    return next(read for name, read in READERS.items() if name in words)(path, picture, words)


def decode(offsets: np.ndarray, priors: np.ndarray, centre: float, size: float) -> np.ndarray:
    """Gives xyxy of offsets from priors, both [N, 4], in units of the priors; variances of centre and size."""
    middle = priors[:, :2] + offsets[:, :2] * centre * priors[:, 2:]
    return get_corners(np.concatenate([middle, priors[:, 2:] * np.exp(offsets[:, 2:] * size)], axis=1))


def make_priors(width: int, height: int, levels: list[tuple[int, list[int]]]) -> np.ndarray:
    """Makes square priors, in shares of the input: for each level its stride and sizes, in pixels."""
    parts = []
    for stride, sizes in levels:
        rows, columns = -(-height // stride), -(-width // stride)
        centre = make_cells(rows, columns, 1, anchors=len(sizes), offset=0.5) / (columns, rows)
        extent = np.tile(np.array(sizes, np.float32)[:, None], (len(centre) // len(sizes), 2)) / (width, height)
        parts.append(np.concatenate([centre, extent], axis=1))
    return np.concatenate(parts)


def _refer_ultraface(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    width, height = (int(side) for side in words["size"].split("x"))
    values = scale_values(stretch(picture, width, height), 127, 128)[None]
    first, second = run(path, values if path.suffix == ".tflite" else values.transpose(0, 3, 1, 2))
    boxes, scores = (first[0], second[0]) if first.shape[-1] == 4 else (second[0], first[0])
    if "raw" in words:
        priors = make_priors(width, height, [(8, [10, 16, 24]), (16, [32, 48]), (32, [64, 96]), (64, [128, 192, 256])])
        boxes = decode(boxes, np.clip(priors, 0, 1), 0.1, 0.2)
    if words.get("end") == "logits":
        scores = softmax(scores)
    return select(boxes * (picture.shape[1::-1] * 2), scores[:, 1:], picture, least=0.7, iou=0.3)


def _refer_retinaface(path: Path, picture: np.ndarray, words: dict[str, str]) -> Boxes:
    side = 640
    fitted = letterbox(picture, side, side, 0, centred=False)
    values = scale_values(fitted.canvas[..., ::-1], [104, 117, 123], 1).transpose(2, 0, 1)[None]
    outputs = [out[0] for out in run(path, values)]
    boxes, scores = (outputs[0][:, :4], outputs[0][:, 4:6]) if len(outputs) == 1 else outputs[:2]
    if words.get("end") == "logits":
        scores = softmax(scores)
    sizes = [int(size) for size in words.get("sizes", "16,32,64,128,256,512").split(",")]
    priors = make_priors(side, side, [(8, sizes[:2]), (16, sizes[2:4]), (32, sizes[4:])])
    xyxy = fitted.restore((decode(boxes, priors, 0.1, 0.2) * side).reshape(-1, 2, 2)).reshape(-1, 4)
    return select(xyxy, scores[:, 1:], picture, least=0.6, iou=0.4)


def _refer_aizoo(path: Path, picture: np.ndarray, _words: dict[str, str]) -> Boxes:
    first, second = run(path, (stretch(picture, 260, 260) / np.float32(255))[None])
    offsets, scores = (first[0], second[0]) if first.shape[-1] == 4 else (second[0], first[0])
    parts = []
    for cells, (size, other) in zip((33, 17, 9, 5, 3), AIZOO_SIZES, strict=True):
        roots = [ratio**0.5 for ratio in AIZOO_RATIOS]
        extents = [(size, size), (other, other), *((size * root, size / root) for root in roots[1:])]
        centre = make_cells(cells, cells, 1, anchors=len(extents), offset=0.5) / cells
        parts.append(np.concatenate([centre, np.tile(extents, (cells * cells, 1))], axis=1))
    xyxy = decode(offsets, np.concatenate(parts), 0.1, 0.2) * (picture.shape[1::-1] * 2)
    return select(xyxy, scores, picture, least=0.5, iou=0.4)


READERS = {"ultraface": _refer_ultraface, "retinaface": _refer_retinaface, "aizoo": _refer_aizoo}
