"""What bench/train.py learns from and is measured on: two real data sets, three things that the demo draws.

Real ones lie below ../shared/datasets, or RUNNER_DATASETS. A seed draws PICTURES to learn from, each class among them.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs

from runner_core.datasets import Dataset, Example, open_dataset

PICTURES, TEST = 20, 100
DRAWN = 60  # rendered pictures from which a seed draws
RENDERER = Path(__file__).parents[1] / "plugins" / "runner-demo" / "training" / "render.py"


@attrs.frozen
class Division:
    """What a seed draws from, and what is tested with."""

    rest: Dataset
    test: Dataset

    def draw(self, seed: int) -> Dataset:
        chance, names = random.Random(seed), set(self.rest.labels.names)
        while True:
            drawn = chance.sample(list(self.rest), min(PICTURES, len(self.rest)))
            if {name for each in drawn for name in each.read().answer.names} == names:
                return attrs.evolve(self.rest, examples=tuple(drawn))


@attrs.frozen
class Task:
    """``bars``: mAP50 and mAP50:95 that must be reached; ``divide`` may render into the folder that it is given."""

    bars: tuple[float, float]
    divide: Callable[[Path], Division]


def find_datasets() -> Path:
    here = Path(__file__).resolve().parents[2] / "shared" / "datasets"
    return Path(os.environ.get("RUNNER_DATASETS", here))


def divide_boards(_: Path) -> Division:
    """Every second picture by name is for testing."""
    data, examples = _open("microcontrollers")
    return Division(_take(data, examples[::2]), _take(data, examples[1::2]))


def divide_cells(_: Path) -> Division:
    data, examples = _open("blood-cells")
    random.Random(0).shuffle(examples)
    return Division(_take(data, examples[TEST:]), _take(data, examples[:TEST]))


def divide_rendered(subject: str, folder: Path) -> Division:
    """Pictures about one thing, drawn now; those for testing share no desk, sheet or font with the others."""
    parts = []
    for split, count in (("twenty", DRAWN), ("held-out", TEST)):
        place = folder / f"{subject}-{split}"
        command = (RENDERER, place, "--split", split, "--pictures", count, "--subject", subject)
        subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
        data = open_dataset(place).select([subject])
        parts.append(data.keep(lambda example: bool(len(example.read().answer))) if split == "twenty" else data)
    return Division(*parts)


def _open(name: str) -> tuple[Dataset, list[Example]]:
    data = open_dataset(find_datasets() / name)
    return data, sorted(data, key=lambda example: Path(example.key).name)


def _take(data: Dataset, examples: list[Example]) -> Dataset:
    return attrs.evolve(data, examples=tuple(examples))


TASKS = {
    "microcontrollers": Task((0.85, 0.42), divide_boards),
    "blood-cells": Task((0.78, 0.38), divide_cells),
    **{
        subject: Task((0.80, 0.0), lambda folder, subject=subject: divide_rendered(subject, folder))  # type: ignore[misc]
        for subject in ("mug", "table", "keyboard")
    },
}
