"""Landmarks: points of one face, eye, hand or body that fills the picture.

Source: the model cards of https://github.com/google-ai-edge/mediapipe: RGB from 0 to 1, stretched; x, y, z and more
of each point, in pixels of the input.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Points
from engines import get_shape, run
from inputs import make_tensor


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Points:
    """Gives the points. ``output``: which output holds them; ``numbers``: of each point; ``points``: how many count."""
    side = get_shape(path)[1]
    out = run(path, make_tensor(path, picture, {"range": "0..1"}))[int(words.get("output", "0"))]
    xy = out.reshape(-1, int(words.get("numbers", "3")))[: int(words.get("points", "1000")), :2]
    return Points(xy / side * picture.shape[1::-1])
