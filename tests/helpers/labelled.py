"""Labelled pictures that are made here, and answers to them that are wrong in every way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import attrs
import numpy as np
from PIL import Image

from runner_core.brain import Brain
from runner_core.cards.labels import LabelMap
from runner_core.datasets import Dataset, Example, Truth
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask

NAMES = ("page", "graph", "mug")
SIZE = (320, 240)


def make_truth(place: int, *, count: int = 6, keypoints: int = 17) -> Truth:
    """Boxes, masks and keypoints; every third picture has a crowd, every seventh nothing."""
    random = np.random.default_rng(place)
    count = 0 if place % 7 == 6 else count
    low = random.integers(0, (200, 120), (count, 2))
    boxes = np.concatenate([low, low + random.integers((4, 4), (120, 110), (count, 2))], axis=1).astype(np.float32)
    answer = Inference(
        brain="", task="object-detection", size=SIZE, labels=LabelMap.from_names(NAMES),
        model_ids=random.integers(0, len(NAMES), count), boxes=boxes,
        masks=tuple(Mask(array=fill_ellipse(box)) for box in boxes),
        keypoints=make_keypoints(random, boxes, keypoints),
    )  # fmt: skip
    return Truth(answer, ignored=frozenset([0] if count and place % 3 == 0 else []))


def fill_ellipse(box: Sequence[float]) -> np.ndarray:
    x1, y1, x2, y2 = box
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    return ((x - (x1 + x2) / 2) / (x2 - x1)) ** 2 + ((y - (y1 + y2) / 2) / (y2 - y1)) ** 2 < 0.25


def make_keypoints(random: np.random.Generator, boxes: np.ndarray, count: int) -> np.ndarray:
    shares = random.random((len(boxes), count, 2))
    points = boxes[:, None, :2] + shares * (boxes[:, None, 2:] - boxes[:, None, :2])
    seen = (random.random((len(boxes), count, 1)) < 0.8).astype(np.float32)
    seen[random.random(len(boxes)) < 0.1] = 0
    return np.concatenate([points, seen], axis=2).astype(np.float32)


def make_answer(truth: Truth, seed: int, *, noise: float = 6.0, brain: str = "demo") -> Inference:
    """What a network may answer: moved, twice, of another class, too much, missing; scores that are sometimes equal."""
    random = np.random.default_rng(seed)
    real = truth.answer
    rows = random.choice(len(real), int(len(real) * 1.6)) if len(real) else np.array([], int)
    boxes = real.boxes[rows] + random.normal(0, noise, (len(rows), 4)).astype(np.float32)
    false = random.integers(0, 100, (3, 2))
    boxes = np.concatenate([boxes, np.concatenate([false, false + random.integers(10, 90, (3, 2))], axis=1)])
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    ids = np.concatenate([real.model_ids[rows], random.integers(0, len(NAMES), 3)])
    ids = np.where(random.random(len(ids)) < 0.1, random.integers(0, len(NAMES), len(ids)), ids)
    points = real.keypoints[rows] if len(rows) else np.zeros((0, real.keypoints.shape[1], 3), np.float32)
    points = np.concatenate([points, make_keypoints(random, boxes[len(rows) :], points.shape[1])])
    points[..., :2] += random.normal(0, noise / 2, points[..., :2].shape)
    answer = attrs.evolve(
        real, brain=brain, model_ids=ids, boxes=boxes.astype(np.float32), keypoints=points,
        masks=tuple(Mask(array=fill_ellipse(box)) for box in boxes), scores=random.integers(1, 65, len(ids)) / 64,
    )  # fmt: skip
    return answer.take(np.argsort(-answer.scores, kind="stable"))


def make_data(
    folder: Path, count: int, read: Callable[[int], Truth], *, names: Sequence[str] = NAMES,
    kind: str = "object-detection",
) -> Dataset:  # fmt: skip
    """``count`` grey pictures with these labels."""
    examples = []
    for place in range(count):
        path = folder / f"{place:03}.jpg"
        Image.new("RGB", SIZE, (90, 90 + place % 100, 90)).save(path)
        examples.append(Example(path, path.name, partial(read, place)))
    return Dataset(str(folder), kind, LabelMap.from_names(names), tuple(examples))


class Prepared(Brain):
    """A brain whose answers are known beforehand, by the name of the picture."""

    version, family, engine = "1", "test", "test"

    def __init__(
        self, name: str, answers: dict[str, Inference], *, conf: float = 0.3, names: Sequence[str] = NAMES,
        task: str = "object-detection",
    ) -> None:  # fmt: skip
        self.name, self.answers, self.conf, self.task = name, answers, conf, task
        self.labels = LabelMap.from_names(names)

    @property
    def conditions(self) -> dict[str, object]:
        return {**super().conditions, "conf": self.conf}

    def at_threshold(self, conf: float) -> Brain:
        return Prepared(self.name, self.answers, conf=conf, names=self.labels.names, task=self.task)

    def infer(self, frame: Frame) -> Inference:
        return self.answers[Path(frame.source).name].filter(conf=self.conf)
