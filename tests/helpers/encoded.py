"""A picture of noise, 60 x 40, and its encodings."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

RGB = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)


def encoded(form: str, image: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(RGB)).save(buffer, form, **options)
    return buffer.getvalue()


PNG = encoded("PNG")
