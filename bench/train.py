"""Brains trained from 20 pictures in a few minutes, measured on pictures that they have not seen.

Data sets below ../shared/datasets, or RUNNER_DATASETS. Of the microcontrollers every second picture by name is for
testing, of the blood cells a hundred; a seed draws the 20 to learn from, each class among them.
``--cpu`` counts processor seconds, as many to a minute as two idle cores have: for machines that are busy otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import attrs
import numpy as np
from runner_train import clock, course
from runner_train.decode import Found
from runner_train.score import mark, mean_ap
from runner_train.trainer import DetectorTrainer

from runner_core import open_brain
from runner_core.cards import Card, LabelMap
from runner_core.datasets import Dataset, Example, Truth
from runner_core.results import Inference
from runner_core.training import TrainOptions

PICTURES, CORES = 20, 2
SIDES = ("xmin", "ymin", "xmax", "ymax")


@attrs.frozen
class DataSet:
    """``bars``: mAP50 and mAP50:95 that must be reached; ``split`` of examples by name into the rest and the test."""

    pattern: str
    bars: tuple[float, float]
    split: Callable[[list[Example]], tuple[list[Example], list[Example]]]


def take_every_second(examples: list[Example]) -> tuple[list[Example], list[Example]]:
    return examples[::2], examples[1::2]


def take_hundred(examples: list[Example]) -> tuple[list[Example], list[Example]]:
    random.Random(0).shuffle(examples)
    return examples[100:], examples[:100]


SETS = {
    "microcontrollers": DataSet("microcontrollers/*/*.xml", (0.85, 0.42), take_every_second),
    "blood-cells": DataSet("blood-cells/Annotations/*.xml", (0.78, 0.38), take_hundred),
}


def find_datasets() -> Path:
    here = Path(__file__).resolve().parents[2] / "shared" / "datasets"
    return Path(os.environ.get("RUNNER_DATASETS", here))


def read_truth(path: Path, labels: LabelMap) -> Truth:
    root = ET.parse(path).getroot()
    size = tuple(int(root.findtext(f"size/{side}") or 0) for side in ("width", "height"))
    objects = root.findall("object")
    boxes = [[float(each.findtext(f"bndbox/{side}") or 0) for side in SIDES] for each in objects]
    ids = [labels.names.index(each.findtext("name") or "") for each in objects]
    answer = Inference(
        brain="", task="object-detection", size=size, labels=labels,  # type: ignore[arg-type]
        model_ids=np.array(ids, np.int64), boxes=np.array(boxes, np.float32).reshape(-1, 4),
    )  # fmt: skip
    return Truth(answer)


def open_set(name: str, seed: int) -> tuple[Dataset, Dataset]:
    """What is learnt from, and what is tested with."""
    paths = sorted(find_datasets().glob(SETS[name].pattern), key=lambda path: path.name)
    names = sorted({each.text or "" for path in paths for each in ET.parse(path).getroot().iterfind("object/name")})
    labels = LabelMap.from_names(names)
    examples = []
    for path in paths:
        pictures = (path.with_suffix(".jpg"), path.parent.parent / "JPEGImages" / f"{path.stem}.jpg")
        picture = next((each for each in pictures if each.exists()), None)
        if picture:
            examples.append(Example(picture, picture.name, partial(read_truth, path, labels)))
    rest, test = SETS[name].split(examples)
    chance = random.Random(seed)
    while True:
        drawn = chance.sample(rest, PICTURES)
        if {kind for each in drawn for kind in each.read().answer.names} == set(names):
            break
    whole = Dataset(name, "object-detection", labels, ())
    return attrs.evolve(whole, examples=tuple(drawn)), attrs.evolve(whole, examples=tuple(test))


def test_brain(folder: Path, test: Dataset) -> tuple[float, float]:
    """mAP50 and mAP50:95 of the brain as people run it."""
    marked = []
    with open_brain(folder, engine="onnx", conf=0.05) as brain:
        for example in test:
            answer, truth = brain(example.make_frame()), example.read().answer
            kinds = np.array([truth.labels.names.index(name) for name in answer.names], np.int64)
            marked.append(
                mark(Found(answer.boxes, answer.scores, kinds), truth.boxes, truth.model_ids, len(truth.labels))
            )
    return mean_ap(marked)


def train(name: str, seed: int, minutes: float, show: Callable[[str], None]) -> tuple[float, float, float]:
    """mAP50, mAP50:95 and the minutes that it took."""
    data, test = open_set(name, seed)
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as folder:
        options = TrainOptions(Path(folder) / name, minutes=minutes, seed=seed)
        start = clock.read_seconds()
        card = DetectorTrainer().train(
            Card(name=name, task="object-detection"),
            None,
            data,
            options,
            lambda step: show(f"{step.stage} {step.share:.0%}"),
        )
        took = (clock.read_seconds() - start) / 60
        show(json.dumps(Card.read(card).training["held_back"]))
        return *test_brain(card.parent, test), took


def count_processor() -> None:
    """Time passes as processor seconds do on CORES idle cores."""
    clock.read_seconds = lambda: time.process_time() / CORES
    course.read_seconds = clock.read_seconds


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--cpu", action="store_true", help="count processor seconds instead of the clock's")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args(arguments)


def main() -> None:
    given = parse()
    if not find_datasets().is_dir():
        print(f"SKIPPED: no data sets at {find_datasets()}")
        return
    if given.cpu:
        count_processor()
    show = partial(print, file=sys.stderr, flush=True) if given.verbose else str
    print(f"{PICTURES} pictures, {given.minutes:g} minutes{' of two cores' * given.cpu}")
    print(f"{'':18} {'seed':>5} {'mAP50':>6} {'mAP50:95':>9} {'minutes':>8}")
    missed, worst = [], 9.0
    for name in given.sets:
        rows = []
        for seed in given.seeds:
            rows.append(train(name, seed, given.minutes, show))
            print(f"{name:18} {seed:5} {rows[-1][0]:6.3f} {rows[-1][1]:9.3f} {rows[-1][2]:8.1f}", flush=True)
        mean = np.mean(rows, axis=0)
        print(f"{name:18}  mean {mean[0]:6.3f} {mean[1]:9.3f} {mean[2]:8.1f}")
        over = min(mean[at] - bar for at, bar in enumerate(SETS[name].bars))
        worst = min(worst, over)
        missed += [name] * int(over < 0)
    reached = f"the nearest mean is {worst:+.3f} from its bar"
    print(f"{'MISSED' if missed else 'ok'}: {reached}{' (' + ', '.join(missed) + ')' if missed else ''}")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
