"""Statistics of a data set: what a trainer chooses resolution and stride by, and a person sees what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Example, Truth


@attrs.frozen
class Spread:
    """A number that varies: its tenth, fiftieth and ninetieth percentile. All are 0 where there is nothing."""

    low: float = 0.0
    median: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        given = np.fromiter(values, np.float64)
        return cls(*(round(float(value), 6) for value in np.percentile(given, [10, 50, 90]))) if len(given) else cls()


@attrs.frozen
class DatasetStatistics:
    """What a data set has; what is ignored does not count.

    ``pictures``   how many; ``empty`` of them show nothing that is labelled.
    ``instances``  of each class, by name, in the order of the labels; ``shown`` is how many pictures show each.
    ``parts``      pictures of each part.
    ``width``      of the pictures in pixels, and ``height``.
    ``side``       of the boxes: the square root of their area, in shares of the longer side of their picture, so that
                   it says how many pixels of a resized one they have.
    ``aspect``     of the boxes: width through height.
    ``density``    instances in a picture that shows any.
    ``pixels``     the share of all pixels that each class has, of data sets that label pixels.
    """

    pictures: int
    empty: int
    instances: Mapping[str, int]
    shown: Mapping[str, int]
    parts: Mapping[str, int]
    width: Spread
    height: Spread
    side: Spread
    aspect: Spread
    density: Spread
    pixels: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return attrs.asdict(self)


class StatisticsCollector:
    """Takes the truths of a data set, one after the other."""

    def __init__(self, dataset: Dataset) -> None:
        self._names = dataset.labels.names
        self._parts: Counter[str] = Counter()
        self._instances: Counter[str] = Counter()
        self._shown: Counter[str] = Counter()
        self._pixels: Counter[str] = Counter()
        self._sizes: list[tuple[int, int]] = []
        self._sides: list[float] = []
        self._aspects: list[float] = []
        self._densities: list[int] = []

    def add(self, example: Example, truth: Truth) -> None:
        answer = truth.answer.take(np.array([row not in truth.ignored for row in range(len(truth.answer))], bool))
        self._parts[example.part] += 1
        self._sizes.append(answer.size)
        self._instances.update(answer.names)
        self._shown.update(set(answer.names))
        self._densities.append(len(answer))
        if answer.boxes is not None:
            sides = np.maximum(answer.boxes[:, 2:] - answer.boxes[:, :2], 1e-6).astype(np.float64)
            self._sides += (np.sqrt(sides.prod(axis=1)) / max(answer.size)).tolist()
            self._aspects += (sides[:, 0] / sides[:, 1]).tolist()
        if answer.class_map is not None:
            known = answer.class_map[answer.class_map >= 0]
            counts = np.bincount(known, minlength=len(self._names))
            self._pixels.update({name: int(counts[number]) for number, name in enumerate(self._names)})

    def finish(self) -> DatasetStatistics:
        """What all of them come to."""
        pixels = max(1, sum(self._pixels.values()))
        return DatasetStatistics(
            pictures=len(self._sizes),
            empty=self._densities.count(0),
            instances={name: self._instances[name] for name in self._names},
            shown={name: self._shown[name] for name in self._names},
            parts=dict(sorted(self._parts.items())),
            width=Spread.of(float(width) for width, _ in self._sizes),
            height=Spread.of(float(height) for _, height in self._sizes),
            side=Spread.of(self._sides),
            aspect=Spread.of(self._aspects),
            density=Spread.of(float(count) for count in self._densities if count),
            pixels={name: round(self._pixels[name] / pixels, 6) for name in self._names} if self._pixels else {},
        )


def measure_dataset(dataset: Dataset) -> DatasetStatistics:
    """Reads the labels of all pictures, not their pixels. Raises DatasetError for labels that cannot be read."""
    collector = StatisticsCollector(dataset)
    for example in dataset:
        collector.add(example, example.read())
    return collector.finish()
