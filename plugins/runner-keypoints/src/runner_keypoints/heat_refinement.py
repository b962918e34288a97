"""Refining: points moved to where their heat maps are hot.

Source: github.com/google-ai-edge/mediapipe, ``calculators/util/refine_landmarks_from_heatmap_calculator.cc``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.tasks import sigmoid

REACH = 3  # cells to each side of a point's own: a kernel of 7
LEAST = 0.5  # heat in reach at which a map is believed

Floats = NDArray[np.float32]


def refine_points(points: Floats, heat: Floats) -> Floats:
    """K x 2 points, in shares of the input, by K logits of heat, H x W x K: each the mean of the cells in reach.

    A point outside the map, or without heat around it, stays where it is.
    """
    height, width, _ = heat.shape
    refined = points.copy()
    for number, (column, line) in enumerate((points * (width, height)).astype(int)):
        if not (0 <= column < width and 0 <= line < height):
            continue
        left, top = max(0, column - REACH), max(0, line - REACH)
        around = sigmoid(heat[top : line + REACH + 1, left : column + REACH + 1, number])
        if around.max() >= LEAST:
            across, down = around.sum(axis=0), around.sum(axis=1)
            columns, lines = left + np.arange(len(across)), top + np.arange(len(down))
            refined[number] = (across @ columns / width, down @ lines / height) / around.sum()
    return refined
