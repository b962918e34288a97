"""Brains trained from 20 pictures in a few minutes, measured on pictures that they have not seen.

``--rivals`` trains the same network from nothing in the same minutes, with the first seed; ``--ultralytics PYTHON``,
the interpreter of an environment that has it, Ultralytics' smallest network, from nothing too. ``--cpu`` counts
processor seconds, as many to a minute as two idle cores have: for machines that are busy otherwise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import attrs
import numpy as np
from _train_sets import PICTURES, TASKS, find_datasets
from runner_train import clock, course
from runner_train.decode import Found
from runner_train.pictures import read_pictures
from runner_train.score import mark, mean_ap
from runner_train.trainer import DetectorTrainer

from runner_core import open_brain
from runner_core.cards import Card
from runner_core.datasets import Dataset
from runner_core.training import TrainOptions

CORES = 2
ULTRALYTICS = Path(__file__).parent / "rivals" / "yolo_trainer.py"


@attrs.frozen
class Figures:
    map50: float
    map: float
    minutes: float


def train_ours(data: Dataset, test: Dataset, minutes: float, seed: int, folder: Path) -> Figures:
    options = TrainOptions(folder / f"ours-{seed}", minutes=minutes, seed=seed)
    start = clock.read_seconds()
    card = DetectorTrainer().train(Card(name="bench", task="object-detection"), None, data, options, lambda _: None)
    took = (clock.read_seconds() - start) / 60
    return Figures(*test_brain(card.parent, test), took)


def test_brain(folder: Path, test: Dataset) -> tuple[float, float]:
    """mAP50 and mAP50:95 of the brain as people run it."""
    with open_brain(folder, engine="onnx", conf=0.05) as brain:
        answers = [brain(example.make_frame()) for example in test]
    number = test.labels.names.index
    return score(
        test,
        [Found(each.boxes, each.scores, np.array([number(name) for name in each.names], np.int64)) for each in answers],
    )


def score(test: Dataset, found: Sequence[Found]) -> tuple[float, float]:
    """Of boxes in pixels, for each picture of the test."""
    marked = []
    for example, each in zip(test, found, strict=True):
        truth = example.read().answer
        marked.append(mark(each, truth.boxes, truth.model_ids, len(truth.labels)))
    return mean_ap(marked)


def train_from_nothing(data: Dataset, test: Dataset, minutes: float, seed: int, folder: Path) -> Figures:
    from _train_nothing import FromNothing

    rival = FromNothing(data, minutes, seed, folder / "nothing")
    took = rival.train()
    return Figures(*rival.test(test), took)


def train_ultralytics(python: str, data: Dataset, test: Dataset, minutes: float, seed: int, folder: Path) -> Figures:
    """In its own environment, from a YOLO folder to a JSON file of what it finds; by the clock alone."""
    place, start = folder / "yolo", time.monotonic()
    for part, each in (("train", data), ("test", test)):
        write_yolo(each, place / part)
    names = json.dumps(list(data.labels.names))
    (place / "data.yaml").write_text(f"path: {place}\ntrain: train/images\nval: train/images\nnames: {names}\n")
    command = (python, ULTRALYTICS, place, "--minutes", minutes, "--seed", seed)
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rows = json.loads((place / "found.json").read_text())
    kinds = (np.float32, np.float32, np.int64)
    found = [
        Found(*(np.array(column, kind) for column, kind in zip(rows[f"{at:04}"], kinds, strict=True)))
        for at in range(len(test))
    ]
    return Figures(*score(test, found), (time.monotonic() - start) / 60)


def write_yolo(data: Dataset, folder: Path) -> None:
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for at, picture in enumerate(read_pictures(data, range(len(data.labels)))):
        picture.image.save(folder / "images" / f"{at:04}.png")
        middles = (picture.boxes[:, :2] + picture.boxes[:, 2:]) / 2
        rows = np.hstack([picture.classes[:, None], middles, picture.boxes[:, 2:] - picture.boxes[:, :2]])
        lines = (f"{int(row[0])} " + " ".join(f"{value:.6f}" for value in row[1:]) for row in rows if row[0] >= 0)
        (folder / "labels" / f"{at:04}.txt").write_text("\n".join(lines))


def count_processor() -> None:
    """Time passes as processor seconds do on CORES idle cores."""
    clock.read_seconds = lambda: time.process_time() / CORES
    course.read_seconds = clock.read_seconds


Method = Callable[[Dataset, Dataset, float, int, Path], Figures]


def list_rivals(given: argparse.Namespace) -> Iterator[tuple[str, Method]]:
    if given.rivals:
        yield "from nothing", train_from_nothing
    if given.ultralytics:
        yield "Ultralytics", partial(train_ultralytics, given.ultralytics)


def measure(name: str, given: argparse.Namespace) -> list[Figures]:
    """Of our brains, one for each seed; prints these and those of the rivals."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as temporary:
        folder = Path(temporary)
        division = TASKS[name].divide(folder)
        for seed in given.seeds:
            rows.append(train_ours(division.draw(seed), division.test, given.minutes, seed, folder))
            show(name, "ours", seed, rows[-1])
        for method, train in list_rivals(given):
            seed = given.seeds[0]
            show(name, method, seed, train(division.draw(seed), division.test, given.minutes, seed, folder))
    return rows


def show(name: str, method: str, seed: int | str, figures: Figures) -> None:
    print(f"{name:18} {method:14} {seed:>5} {figures.map50:6.3f} {figures.map:9.3f} {figures.minutes:8.1f}", flush=True)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rivals", action="store_true", help="the same network from nothing as well")
    parser.add_argument("--ultralytics", metavar="PYTHON", help="of an environment in which it is installed")
    parser.add_argument("--cpu", action="store_true", help="count processor seconds instead of the clock's")
    return parser.parse_args(arguments)


def main() -> None:
    given = parse()
    if not find_datasets().is_dir():
        print(f"SKIPPED: no data sets at {find_datasets()}")
        return
    if given.cpu:
        count_processor()
    print(f"{PICTURES} pictures, {given.minutes:g} minutes{' of two cores' * given.cpu}")
    print(f"{'':18} {'':14} {'seed':>5} {'mAP50':>6} {'mAP50:95':>9} {'minutes':>8}")
    missed, worst = [], 9.0
    for name in given.sets:
        rows = measure(name, given)
        mean = Figures(*np.mean([attrs.astuple(row) for row in rows], axis=0).tolist())
        show(name, "ours", "mean", mean)
        over = min(value - bar for value, bar in zip((mean.map50, mean.map), TASKS[name].bars, strict=True))
        worst = min(worst, over)
        missed += [name] * int(over < 0)
    reached = f"the nearest mean is {worst:+.3f} from its bar"
    print(f"{'MISSED' if missed else 'ok'}: {reached}{' (' + ', '.join(missed) + ')' if missed else ''}")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
