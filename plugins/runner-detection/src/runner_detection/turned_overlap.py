"""Overlap of turned boxes, each taken as a normal distribution of the same middle and spread.

Source: Llerena et al., Gaussian Bounding Boxes and Probabilistic Intersection-over-Union, 2021, arXiv 2106.06072. The
covariance of a uniform box is diag(width, height) ** 2 / 12, turned; ProbIoU is 1 less the Hellinger distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.results import Floats

TINY = 1e-7


def measure_overlaps(boxes: Floats, angles: Floats) -> NDArray[np.float64]:
    """N x N ProbIoUs of N boxes x1, y1, x2, y2 turned about their centres by N radians."""
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).T.astype(np.float64)
    across, down, mixed = _list_covariances(boxes.astype(np.float64), angles.astype(np.float64))
    a, b, c = (each[:, None] + each for each in (across, down, mixed))
    dx, dy = x[:, None] - x, y[:, None] - y
    area = a * b - c**2
    own = (across * down - mixed**2).clip(0)
    apart = (a * dy**2 + b * dx**2 - 2 * c * dx * dy) / (4 * (area + TINY))
    spread = np.log(area / (4 * np.sqrt(own[:, None] * own) + TINY) + TINY) / 2
    distance = np.sqrt(1 - np.exp(-(apart + spread).clip(TINY, 100)) + TINY)
    overlaps: NDArray[np.float64] = 1 - distance
    return overlaps


def suppress_turned(
    boxes: Floats, angles: Floats, scores: Floats, classes: NDArray[np.number], overlap: float
) -> NDArray[np.intp]:
    """Rows, best first, that no better one of their class overlaps by ``overlap`` or more.

    As Ultralytics has it, a row is dropped for any better one, even for one that is dropped itself.
    """
    order = np.argsort(-scores, kind="stable")
    same = classes[order][:, None] == classes[order]
    near = measure_overlaps(boxes[order], angles[order]) >= overlap
    kept: NDArray[np.intp] = order[~np.triu(near & same, k=1).any(axis=0)]
    return kept


def _list_covariances(boxes: Floats, angles: Floats) -> tuple[Floats, Floats, Floats]:
    """N variances across and down, and N covariances."""
    wide, high = ((boxes[:, 2:] - boxes[:, :2]).T) ** 2 / 12
    cosine, sine = np.cos(angles), np.sin(angles)
    return wide * cosine**2 + high * sine**2, wide * sine**2 + high * cosine**2, (wide - high) * cosine * sine
