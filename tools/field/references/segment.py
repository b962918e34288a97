"""Semantic segmentation: a class for each pixel.

Sources: the image segmenter of https://github.com/tensorflow/tflite-support and the examples of Coral and of the Open
Model Zoo, which stretch the picture to the model's size.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from answers import ClassMap
from engines import run
from inputs import make_tensor


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> ClassMap:
    """Gives the class of each pixel: the scores come to the picture's size, and the best class wins."""
    out = run(path, make_tensor(path, picture, words))[0][0]
    height, width = picture.shape[:2]
    if out.ndim == 2:
        return ClassMap(cv2.resize(out.astype(np.int32), (width, height), interpolation=cv2.INTER_NEAREST))
    return ClassMap(cv2.resize(out, (width, height), interpolation=cv2.INTER_LINEAR).argmax(axis=-1))
