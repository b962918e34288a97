"""Semantic segmentation: a class for each pixel.

Sources: the image segmenter of https://github.com/tensorflow/tflite-support and the examples of the Open Model Zoo,
which stretch the picture to the model's size; ``examples/semantic_segmentation.py`` of
https://github.com/google-coral/pycoral, whose command for DeepLab on Pascal VOC keeps the proportions
(``pad=below``, on black) and hands the bytes over as they are (``mean=128 std=128``).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from answers import ClassMap
from engines import get_shape, run
from inputs import make_tensor
from pictures import letterbox


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> ClassMap:
    """Gives the class of each pixel: the scores come to the picture's size, and the best class wins."""
    height, width = picture.shape[:2]
    fitted = letterbox(picture, *get_shape(path)[2:0:-1], 0, centred=False) if words.get("pad") == "below" else None
    out = run(path, make_tensor(path, fitted.canvas if fitted else picture, words))[0][0]
    if fitted:
        out = out[: round(height * fitted.scale), : round(width * fitted.scale)]
    if out.ndim == 2:
        return ClassMap(cv2.resize(out.astype(np.int32), (width, height), interpolation=cv2.INTER_NEAREST))
    return ClassMap(cv2.resize(out, (width, height), interpolation=cv2.INTER_LINEAR).argmax(axis=-1))
