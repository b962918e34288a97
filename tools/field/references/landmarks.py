"""Landmarks: points of one face, eye, hand or body that fills the picture.

Source: the graphs ``modules/face_landmark``, ``iris_landmark``, ``hand_landmark`` and ``pose_landmark`` of
https://github.com/google-ai-edge/mediapipe: RGB from 0 to 1; a face is stretched, the others keep their proportions, a
hand and a body amid repeated edges, an eye on black; x, y, z and more of each point, in pixels of the input; none
where the model gives less than 0.5 that there is such a thing. Points of a body move to the middle of the heat around
them (``refine_landmarks_from_heatmap_calculator.cc``, 7 cells); both outputs of an eye count: its contours, its iris.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Points
from decode import sigmoid
from engines import get_shape, run
from pictures import Letterbox, letterbox, stretch

NUMBERS = {"face": 3, "hand": 3, "pose": 5, "eye": 3}


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Points:
    """Gives the points, none where nothing is there. The one word names what is marked."""
    (thing,) = words
    side = get_shape(path)[1]
    fill = 0 if thing == "eye" else None
    fitted = (
        Letterbox(stretch(picture, side, side), 1, 0, 0) if thing == "face" else letterbox(picture, side, side, fill)
    )
    outputs = run(path, (fitted.canvas / np.float32(255))[None])
    told = [outputs[0], outputs[1]] if thing == "eye" else [outputs[0]]
    rows = np.concatenate([out.reshape(-1, NUMBERS[thing]) for out in told])
    shares = rows[:, :2] / side
    if thing == "pose":
        shares = np.array([_refine(point, heat) for point, heat in zip(shares, outputs[3][0].T, strict=True)])[:33]
    presence = 1.0 if thing == "eye" else float(outputs[1].reshape(-1)[0])
    if (sigmoid(np.array(presence)) if thing == "face" else presence) < 0.5:
        return Points(np.zeros((0, 2)))
    return Points(shares * picture.shape[1::-1] if thing == "face" else fitted.restore(shares * side))


def _refine(point: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Moves a point, in shares; ``heat`` holds logits by column and line."""
    cells = np.array(heat.shape)
    cell = (point * cells).astype(int)
    if (cell < 0).any() or (cell >= cells).any():
        return point
    near = [np.abs(np.arange(count) - middle) <= 3 for count, middle in zip(cells, cell, strict=True)]
    weights = np.where(np.outer(*near), sigmoid(heat), 0)
    where = np.indices(heat.shape).reshape(2, -1)
    return point if weights.max() < 0.5 else where @ weights.ravel() / weights.sum() / cells
