"""Yahoo's open_nsfw: 256 x 256, through a JPEG, the middle 224 x 224, BGR less the mean of the training set.

Source: https://github.com/yahoo/open_nsfw/blob/master/classify_nsfw.py.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from answers import Classes
from engines import run
from pictures import crop_centre, scale_values
from PIL import Image


def refer(path: Path, picture: np.ndarray, _words: dict[str, str]) -> Classes:
    """Gives the scores of both classes."""
    buffer = io.BytesIO()
    Image.fromarray(picture).resize((256, 256), Image.Resampling.BILINEAR).save(buffer, format="JPEG")
    pixels = crop_centre(np.asarray(Image.open(buffer)), 224)[..., ::-1]
    return Classes(run(path, scale_values(pixels, [104, 117, 123], 1)[None])[0].reshape(-1))
