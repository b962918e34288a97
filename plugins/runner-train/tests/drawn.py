"""Pictures that are drawn: discs and squares on a textured ground, with their true boxes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from runner_core.cards import LabelMap
from runner_core.datasets import Dataset, Example, Truth
from runner_core.results import Inference

NAMES = ("disc", "square")


def draw_set(
    folder: Path, count: int, *, names: tuple[str, ...] = NAMES, seed: int = 0, empty: bool = False
) -> Dataset:
    """``count`` pictures of 160 x 128 with one or two things each, every class in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = LabelMap.from_names(names)
    examples = []
    for number in range(count):
        chance = np.random.default_rng((seed, number))
        ground = chance.integers(60, 200, 3) + chance.normal(0, 8, (128, 160, 1))
        image = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
        boxes, kinds = [], []
        for place in range(0 if empty else 1 + number % 2):
            kind = (number + place) % len(names)
            boxes.append(_draw(ImageDraw.Draw(image), names[kind], place, chance))
            kinds.append(kind)
        path = folder / f"{number:02}.png"
        image.save(path)
        examples.append(Example(path, path.name, partial(_tell, labels, tuple(boxes), tuple(kinds))))
    return Dataset(str(folder), "object-detection", labels, tuple(examples))


def _draw(brush: ImageDraw.ImageDraw, name: str, place: int, chance: np.random.Generator) -> tuple[int, int, int, int]:
    side = int(chance.integers(36, 56))
    left, top = 10 + 76 * place + int(chance.integers(0, 12)), int(chance.integers(5, 65))
    box = (left, top, left + side, top + side)
    if name == "bar":
        box = (left, top + side // 3, left + side, top + side // 2)
    colour = {"disc": (230, 40, 40), "ring": None, "bar": (240, 220, 30)}.get(name, (30, 30, 210))
    (brush.ellipse if name in ("disc", "ring") else brush.rectangle)(box, fill=colour, outline=(0, 0, 0), width=3)
    return box


def _tell(labels: LabelMap, boxes: tuple[tuple[int, ...], ...], kinds: tuple[int, ...]) -> Truth:
    columns = {"model_ids": np.array(kinds, np.int64), "boxes": np.array(boxes, np.float32).reshape(-1, 4)}
    return Truth(Inference(brain="", task="object-detection", size=(160, 128), labels=labels, **columns))


def draw_choices(folder: Path, count: int, *, names: tuple[str, ...] = NAMES, seed: int = 0) -> Dataset:
    """``count`` pictures of one thing each, every class in turn, labelled as whole pictures."""
    drawn = draw_set(folder, 2 * count, names=names, seed=seed)
    labels = drawn.labels
    examples = []
    for example in drawn.examples[::2]:
        kind = len(examples) % len(names)
        image = Image.new("RGB", (160, 128), (120, 130, 110))
        _draw(ImageDraw.Draw(image), names[kind], len(examples) % 2, np.random.default_rng((seed, len(examples))))
        image.save(example.picture)
        examples.append(attrs.evolve(example, read=partial(_choose, labels, kind)))
    return Dataset(str(folder), "classification", labels, tuple(examples))


def _choose(labels: LabelMap, kind: int) -> Truth:
    return Truth(
        Inference(brain="", task="classification", size=(160, 128), labels=labels, model_ids=np.array([kind], np.int64))
    )


def draw_maps(folder: Path, count: int, *, names: tuple[str, ...] = NAMES, seed: int = 0) -> Dataset:
    """``count`` pictures of one or two things, each pixel labelled; a strip at the left is of no class."""
    drawn = draw_set(folder, count, names=names, seed=seed)
    labels = LabelMap.from_names(("background", *names))
    examples = []
    for example in drawn:
        answer = example.read().answer
        class_map = np.zeros((128, 160), np.int64)
        for (left, top, right, bottom), kind in zip(answer.boxes.astype(int), answer.model_ids, strict=True):
            shape = Image.new("1", (160, 128))
            brush = ImageDraw.Draw(shape)
            (brush.ellipse if names[kind] in ("disc", "ring") else brush.rectangle)((left, top, right, bottom), fill=1)
            class_map[np.array(shape)] = kind + 1
        class_map[:, :4] = -1
        examples.append(attrs.evolve(example, read=partial(_divide, labels, class_map)))
    return Dataset(str(folder), "semantic-segmentation", labels, tuple(examples))


def _divide(labels: LabelMap, class_map: NDArray[np.int64]) -> Truth:
    high, wide = class_map.shape
    ids = np.array([number for number in np.unique(class_map) if number > 0], np.int64)
    places = [np.argwhere(class_map == number)[:, ::-1] for number in ids]
    boxes = [[*found.min(axis=0), *(found.max(axis=0) + 1)] for found in places]
    columns = {"model_ids": ids, "boxes": np.array(boxes, np.float32).reshape(-1, 4), "class_map": class_map}
    return Truth(Inference(brain="", task="semantic-segmentation", size=(wide, high), labels=labels, **columns))
