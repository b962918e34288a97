"""How sure a figure is that comes from so many pictures: the table of docs/how-to/measure-a-brain.md.

`python tools/sample_sizes.py BRAIN DATA`: so many of the pictures are drawn, a thousand times, and measured each time.
"""

from __future__ import annotations

import sys

import numpy as np
from runner_eval.answers import list_contestants, run_brains
from runner_eval.detection import DetectionMeter

from runner_core.brain import Brain
from runner_core.datasets import ClassNames, Dataset, open_dataset
from runner_core.project import Project
from runner_core.results.inference import Inference

SIZES = (20, 50, 100, 200, 500)
DRAWS = 1000
FIGURES = ("mAP50", "mAP50:95")


def list_rows(brain: Brain, data: Dataset) -> list[tuple[int, ...] | tuple[float, ...]]:
    """For each number of pictures: it, then half the width of the 95 % interval of each figure."""
    contestant, names = list_contestants([brain])[0], ClassNames(data.labels)
    meter = DetectionMeter(data.labels.names, contestant.threshold)
    for place, entries in run_brains([brain], data):
        answer = entries[contestant.name]
        assert isinstance(answer, Inference)
        meter.add(place, data[place].read(), names.translate(answer))
    shares, random = np.full(len(data), 1 / len(data)), np.random.default_rng(0)
    weights = np.concatenate([random.multinomial(size, shares, DRAWS) for size in SIZES])
    draws = meter.finish(weights)[0].draws
    rows = []
    for number, size in enumerate(SIZES):
        parts = [draws[name][number * DRAWS : (number + 1) * DRAWS] for name in FIGURES]
        rows.append((size, *(float(np.subtract(*np.nanpercentile(part, (97.5, 2.5))) / 2) for part in parts)))
    return rows


def main() -> None:
    name, place = sys.argv[1:]
    data = open_dataset(place)
    with Project("demo").get_model(name=name, local=True) as brain:
        print(f"| pictures | {' | '.join(FIGURES)} |\n|---|{'---|' * len(FIGURES)}")
        for size, *halves in list_rows(brain, data):
            print(f"| {size} | {' | '.join(f'± {half:.3f}' for half in halves)} |")


if __name__ == "__main__":
    main()
