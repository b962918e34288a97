"""Probe images: what a brain is tried on where nobody gives pictures. They show no object, only edges and colours."""

from __future__ import annotations

import attrs
import numpy as np
from PIL import Image, ImageDraw

from runner_core.cards.tolerance import Tolerance
from runner_core.frames.frame import Frame
from runner_core.loading.local_brain import LocalBrain
from runner_core.results.compare import Comparison, compare_inferences
from runner_core.results.inference import Inference

_SIZE, _COUNT, _SHAPES = (640, 480), 8, 6
_LEAST = 0.01  # score of an instance in a probe image
# Beyond this it is neither rounding nor quantisation, but another answer.
_LOOSE = Tolerance(iou=0.5, score=0.1, pixels=0.5, keypoints=0.1)
_SAME = 0.5  # the least share of instances that both answers have


def make_probe_frames() -> list[Frame]:
    """Eight pictures of 640 x 480 with rectangles and ellipses on soft ground, the same each time."""
    return [Frame.from_image(_draw_probe(seed), source=f"probe image {seed}", index=seed) for seed in range(_COUNT)]


def find_probe_threshold(brain: LocalBrain) -> float:
    """A score threshold at which it finds something in probe images, which show nothing it knows; at most its own."""
    answers = _ask(brain, _LEAST)
    best = max((float(each.scores.max()) for each in answers if each.scores is not None and len(each)), default=1.0)
    return min(brain.card.threshold, round(best / 2, 3))


@attrs.frozen
class ProbeAnswers:
    """What one brain says about the probe images, for others to be compared with."""

    engine: str
    threshold: float
    answers: tuple[Inference, ...]

    @classmethod
    def of(cls, brain: LocalBrain) -> ProbeAnswers:
        threshold = find_probe_threshold(brain)
        return cls(brain.engine, threshold, _ask(brain, threshold))

    def find_difference(self, brain: LocalBrain) -> str:
        """How another form of the brain differs; empty where it is the same brain, even if less exact."""
        near = attrs.evolve(_LOOSE, threshold=self.threshold)
        answers = _ask(brain, self.threshold)
        total = Comparison.total(compare_inferences(*pair, near) for pair in zip(self.answers, answers, strict=True))
        both = 2 * total.matched
        alone = total.missing + total.extra + 2 * total.relabelled
        if total.pixels is not None and total.pixels < _LOOSE.pixels:
            return f"answers otherwise than {self.engine}: {total.pixels:.0%} alike in a probe image"
        if both < _SAME * (both + alone):
            return f"answers otherwise than {self.engine}: {both / (both + alone):.0%} alike in probe images"
        return ""


def _ask(brain: LocalBrain, threshold: float) -> tuple[Inference, ...]:
    keen = brain.at_threshold(threshold)
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
