"""Trials: pictures to try a model on where nobody gives any. They show nothing; they have edges, colours and areas."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from runner_core.frame import Frame

_SIZE, _COUNT, _SHAPES = (640, 480), 8, 6


def trials() -> list[Frame]:
    """Eight pictures of 640 x 480 with rectangles and ellipses on soft ground, the same each time."""
    return [Frame.from_image(_drawn(seed), source=f"trial {seed}", index=seed) for seed in range(_COUNT)]


def _drawn(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize(_SIZE)
    draw = ImageDraw.Draw(image)
    for _ in range(_SHAPES):
        left, top = (int(random.integers(side * 3 // 4)) for side in _SIZE)
        wide, high = (int(random.integers(side // 8, side // 2)) for side in _SIZE)
        outer, inner = (tuple(random.integers(0, 256, 3).tolist()) for _ in range(2))
        draw.rectangle((left, top, left + wide, top + high), fill=outer)
        draw.ellipse((left + 10, top + 10, left + wide - 10, top + high - 10), fill=inner)
    return image
