"""Shapes that several tools draw: what they are as polygons and boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CORNERS = 48  # of a polygon that stands for an ellipse: off by a four-hundredth of its radius


def make_ellipse(x: float, y: float, across: float, down: float, turn: float = 0.0) -> NDArray[np.float64]:
    """A polygon, M x 2, for the ellipse with these radii about x, y, turned by ``turn`` radians, clockwise."""
    angles = np.arange(_CORNERS) * (2 * math.pi / _CORNERS)
    points = np.stack([np.cos(angles) * across, np.sin(angles) * down], axis=1)
    turned = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    ellipse: NDArray[np.float64] = points @ turned + (x, y)
    return ellipse


def to_points(values: Any) -> NDArray[np.float64]:
    """M x 2 float64 from lists of two numbers. Raises ValueError for anything else."""
    if not isinstance(values, list) or not all(
        isinstance(point, list) and len(point) == 2 and all(type(part) in (int, float) for part in point)
        for point in values
    ):
        raise ValueError("its points are not pairs of numbers")
    return np.array(values, np.float64).reshape(-1, 2)


def to_number(value: Any) -> float:
    """Raises ValueError for what is no number."""
    if type(value) not in (int, float):
        raise ValueError(f"{value!r:.40} is no number")
    return float(value)
