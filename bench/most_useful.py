"""How many pictures must be labelled for the same mAP50, in the order of ``runner label --most-useful`` or by chance.

Simulated: five pictures drawn by a seed are labelled, a head is trained on the frozen base, its answers to the others
say which five come next; and so on. Of the data sets below ../shared/datasets, or RUNNER_DATASETS, the
microcontrollers' every second picture by name is for testing, of the blood cells a hundred.

What was tried on the microcontrollers, seeds 1 and 2 up to 30 pictures, in shares of the pictures that chance needs:
the page's order 2.1; the lowest of the best scores first 1.7; the farthest from the labelled ones, as the base sees
them (a core-set), 1.8; that distance times one less the best score 1.1.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from _label_rounds import LabelRounds
from _train_sets import TASKS, find_datasets
from numpy.typing import NDArray
from runner_liveview.labelling.usefulness import order_by_usefulness
from runner_train.runtime import use_threads

from runner_core.datasets import Dataset
from runner_core.results import Inference

STEP = 5  # pictures that are labelled between two trainings
SETS = ("microcontrollers", "blood-cells")
POOL = 150  # pictures at most that may be labelled
BAR = 0.8  # of the pictures that chance needs

Pick = Callable[[list[int], list[Inference], random.Random], list[int]]
"""From the places of unlabelled pictures, and the answers to all, the next STEP."""


def pick_by_chance(places: list[int], _: list[Inference], chance: random.Random) -> list[int]:
    return chance.sample(places, STEP)


def pick_most_useful(places: list[int], answers: list[Inference], chance: random.Random) -> list[int]:
    """As the page does: of equal ones those that come first there, by chance."""
    names = {str(place): [answers[place]] for place in chance.sample(places, len(places))}
    return [int(name) for name in order_by_usefulness(names)[:STEP]]


ORDERS: dict[str, Pick] = {"random": pick_by_chance, "most useful": pick_most_useful}


def open_set(name: str) -> tuple[Dataset, Dataset]:
    """What is labelled, and what is tested with."""
    division = TASKS[name].divide(Path())
    return division.rest[:POOL], division.test


def simulate(rounds: LabelRounds, seed: int, most: int) -> dict[str, list[float]]:
    """mAP50 with STEP, 2 STEP, ... pictures, up to ``most``, in each order; all begin with the same ones."""
    first = random.Random(seed).sample(range(rounds.count), STEP)
    begin = rounds.train(first, seed)
    curves = {}
    for name, pick in ORDERS.items():
        chance, labelled, (map50, answers) = random.Random(f"{name} {seed}"), list(first), begin
        curves[name] = [map50]
        while len(labelled) < most:
            rest = [place for place in range(rounds.count) if place not in labelled]
            labelled += pick(rest, answers, chance)
            map50, answers = rounds.train(labelled, seed)
            curves[name].append(map50)
    return curves


def count_needed(curve: NDArray[np.float64], level: float) -> float:
    """Pictures from which on the curve has reached the level; infinite if it never does."""
    best = np.maximum.accumulate(curve)
    if best[-1] < level:
        return float("inf")
    at = int((best >= level).argmax())
    if at == 0:
        return float(STEP)
    return STEP * (at + (level - best[at - 1]) / (best[at] - best[at - 1]))


def compare(means: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Pictures that each order needs for the mAP50 that chance has at the end, less the tenth part that is noise."""
    chance = means["random"]
    level = chance[0] + 0.9 * (np.maximum.accumulate(chance)[-1] - chance[0])
    return {name: count_needed(curve, float(level)) for name, curve in means.items()}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--most", type=int, default=40, help="pictures that are labelled in the end")
    parser.add_argument("--steps", type=int, default=150, help="of each training: about ten seconds of one core")
    parser.add_argument("--threads", type=int, help="that a training may use")
    return parser.parse_args(arguments)


def main() -> None:
    given = parse()
    if not find_datasets().is_dir():
        print(f"SKIPPED: no data sets at {find_datasets()}")
        return
    use_threads(given.threads)
    counts = range(STEP, given.most + 1, STEP)
    print(f"mAP50 after so many pictures, {given.steps} steps a training")
    print(f"{'':18} {'seed':>5} {'order':12}" + "".join(f"{count:6}" for count in counts))
    worst = 0.0
    for name in given.sets:
        rounds = LabelRounds(*open_set(name), steps=given.steps)
        curves: dict[str, list[list[float]]] = {order: [] for order in ORDERS}
        for seed in given.seeds:
            for order, curve in simulate(rounds, seed, given.most).items():
                curves[order].append(curve)
                print_row(name, str(seed), order, curve)
        means = {order: np.mean(rows, axis=0) for order, rows in curves.items()}
        for order, mean in means.items():
            print_row(name, "mean", order, mean)
        needed = compare(means)
        share = needed["most useful"] / needed["random"]
        worst = max(worst, share)
        print(f"{name}: {needed['most useful']:.1f} pictures instead of {needed['random']:.1f}: {share:.2f} of them")
    print(f"{'ok' if worst <= BAR else 'MISSED'}: {worst:.2f} of the pictures that chance needs, at most {BAR}")
    sys.exit(worst > BAR)


def print_row(name: str, seed: str, order: str, curve: Sequence[float] | NDArray[np.float64]) -> None:
    print(f"{name:18} {seed:>5} {order:12}" + "".join(f"{value:6.3f}" for value in curve), flush=True)


if __name__ == "__main__":
    main()
