"""What references of several families share: boxes, overlaps, suppression, softmax and sigmoid, with numpy alone."""

from __future__ import annotations

import numpy as np
from answers import Box, Boxes

FLOOR = 0.05  # references answer down to this score, so that thresholds may differ


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Gives the logistic function."""
    return 1 / (1 + np.exp(-np.clip(values, -100, 100)))


def softmax(values: np.ndarray) -> np.ndarray:
    """Gives the softmax over the last axis."""
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def get_corners(cxcywh: np.ndarray) -> np.ndarray:
    """Gives xyxy of boxes told by centre and size."""
    half = cxcywh[..., 2:] / 2
    return np.concatenate([cxcywh[..., :2] - half, cxcywh[..., :2] + half], axis=-1)


def compute_iou(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Gives the overlap of a box, [4], with others, [N, 4]."""
    least, most = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.clip(most - least, 0, None), axis=1)
    areas = np.prod(np.clip(others[:, 2:] - others[:, :2], 0, None), axis=1)
    return shared / np.maximum(np.prod(one[2:] - one[:2]) + areas - shared, 1e-9)


def suppress(xyxy: np.ndarray, scores: np.ndarray, labels: np.ndarray, iou: float) -> list[int]:
    """Gives the rows that stay, best first: of two of a class that overlap more than ``iou``, the better one."""
    kept: list[int] = []
    order = np.argsort(-scores, kind="stable")
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        drop = (compute_iou(xyxy[best], xyxy[order]) > iou) & (labels[order] == labels[best])
        order = order[~drop]
    return kept


def select(xyxy: np.ndarray, scores: np.ndarray, picture: np.ndarray, *, least: float, iou: float | None) -> Boxes:
    """Makes boxes of rows, [N, 4], and scores, [N, classes]: the best class of each, suppressed, in the picture."""
    labels, best = scores.argmax(axis=1), scores.max(axis=1)
    rows = np.flatnonzero(best >= FLOOR)
    xyxy, labels, best = xyxy[rows], labels[rows], best[rows]
    kept = range(len(rows)) if iou is None else suppress(xyxy, best, labels, iou)
    height, width = picture.shape[:2]
    inside = np.clip(xyxy, 0, [width, height, width, height])
    found = [Box(int(labels[i]), float(best[i]), tuple(inside[i].tolist())) for i in kept]
    return Boxes(found, least, single=scores.shape[1] == 1)


def make_cells(height: int, width: int, stride: int, anchors: int = 1, offset: float = 0.0) -> np.ndarray:
    """Gives x and y of each cell of a map, row by row, in pixels of the input: [height * width * anchors, 2]."""
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2)
    return np.repeat((grid + offset) * stride, anchors, axis=0).astype(np.float32)
