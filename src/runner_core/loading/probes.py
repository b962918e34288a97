"""Probe images: what a brain is tried on where nobody gives pictures. They show no object, only edges and colours."""

from __future__ import annotations

import attrs
import numpy as np
from PIL import Image, ImageDraw

from runner_core.frames.frame import Frame
from runner_core.loading.local_brain import LocalBrain, signature_of
from runner_core.results.inference import Inference

_SIZE, _COUNT, _SHAPES = (640, 480), 8, 6
_LEAST = 0.01  # score of an instance in a probe image


def make_probe_frames() -> list[Frame]:
    """Eight pictures of 640 x 480 with rectangles and ellipses on soft ground, the same each time."""
    return [Frame.from_image(_draw_probe(seed), source=f"probe image {seed}", index=seed) for seed in range(_COUNT)]


def with_threshold(brain: LocalBrain, threshold: float) -> LocalBrain:
    """The same brain with another threshold."""
    return brain.rebind(attrs.evolve(brain.card, threshold=threshold), signature_of(brain.session))


def find_probe_threshold(brain: LocalBrain) -> float:
    """A score threshold at which it finds something in probe images, which show nothing it knows; at most its own."""
    answers = ask_probes(brain, _LEAST)
    best = max((float(each.scores.max()) for each in answers if each.scores is not None and len(each)), default=1.0)
    return min(brain.card.threshold, round(best / 2, 3))


def ask_probes(brain: LocalBrain, threshold: float) -> tuple[Inference, ...]:
    """Its answer to each probe image, with every instance that reaches the threshold."""
    keen = with_threshold(brain, threshold)
    return tuple(keen.infer(frame) for frame in make_probe_frames())


def _draw_probe(seed: int) -> Image.Image:
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
