"""Edge Impulse's FOMO: a score of each class for each cell of a coarse map; an object is a centre, not a box.

Source: Edge Impulse's pages on FOMO and its inferencing SDK (https://github.com/edgeimpulse/inferencing-sdk-cpp): the
middle square of the picture, RGB from 0 to 1; class 0 is the background; cells that score 0.5 or more and touch are one
object.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from answers import Centres
from engines import get_shape, run
from pictures import crop_centre, stretch


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Centres:
    """Gives the centres of objects. ``fit=stretch``: of the whole picture instead of its middle."""
    side = get_shape(path)[1]
    square = min(picture.shape[:2])
    part = picture if words.get("fit") == "stretch" else crop_centre(picture, square)
    out = run(path, (stretch(part, side, side) / np.float32(255))[None])[0][0]
    cells = out.shape[0]
    _, _, _, centres = cv2.connectedComponentsWithStats((out[..., 1:].max(axis=-1) >= 0.5).astype(np.uint8))
    size = np.array(part.shape[1::-1])
    corner = (np.array(picture.shape[1::-1]) - size) // 2
    return Centres((centres[1:] + 0.5) / cells * size + corner, reach=float(size.max() / cells))
