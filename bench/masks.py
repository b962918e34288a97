"""Masks as COCO's run lengths: ours in numpy against pycocotools in C, on the same instances of a picture.

Written as run lengths, read from them, and compared: 20 masks with 20 others, each from its pixels, as ``runner
verify`` does it for a picture.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from _measure import alternate, print_verdict
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pycocotools import mask as coco

from runner_core.results.run_lengths import fill_runs, pack_runs, run_ious, runs_of, unpack_runs

COUNT, BAR, ROUNDS = 20, 2.0, 11
SIZES = [(480, 640), (720, 1280), (1080, 1920)]  # height, width

Masks = list[NDArray[np.bool_]]


def draw_instances(size: tuple[int, int], seed: int) -> Masks:
    """Shapes of 24 corners, a twentieth to a third of the picture's height wide."""
    random, angles = np.random.default_rng(seed), np.linspace(0, 2 * np.pi, 24)
    masks = []
    for _ in range(COUNT):
        image = Image.new("1", size[::-1])
        radius = random.uniform(0.05, 0.35) * size[0] * random.uniform(0.6, 1, len(angles))
        x, y = random.uniform(0, size[1]), random.uniform(0, size[0])
        corners = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)
        ImageDraw.Draw(image).polygon([tuple(corner) for corner in corners], fill=1)
        masks.append(np.asarray(image, bool))
    return masks


def pack(masks: Masks) -> list[Any]:
    return [coco.encode(np.asfortranarray(mask, np.uint8)) for mask in masks]


def compare(size: tuple[int, int]) -> float:
    """Prints a line of the table; our time as a share of pycocotools', at its worst. Exits if results differ."""
    ours, theirs = draw_instances(size, seed=1), draw_instances(size, seed=2)
    packed = pack(ours)
    texts = [each["counts"].decode() for each in packed]
    calls: dict[str, tuple[Any, Any]] = {
        "write": (lambda: [pack_runs(runs_of(mask)) for mask in ours], lambda: pack(ours)),
        "read": (
            lambda: [fill_runs(unpack_runs(text), size) for text in texts],
            lambda: [coco.decode(each).astype(bool) for each in packed],
        ),
        "compare": (
            lambda: run_ious([runs_of(mask) for mask in ours], [runs_of(mask) for mask in theirs]),
            lambda: coco.iou(pack(ours), pack(theirs), [0] * COUNT),
        ),
    }
    same = calls["write"][0]() == texts
    same = same and all(np.array_equal(*pair) for pair in zip(calls["read"][0](), ours, strict=True))
    if not same or not np.array_equal(calls["compare"][0](), calls["compare"][1]()):
        sys.exit(f"MISSED {size}: not what pycocotools gives")
    worst = 0.0
    for name, (mine, rival) in calls.items():
        spent = alternate({"ours": mine, "theirs": rival}, rounds=ROUNDS)
        ratio = spent["ours"] / spent["theirs"]
        print(f"{size[1]:5} x {size[0]:<5} {name:<8} {spent['theirs']:12.2f} {spent['ours']:9.2f} {ratio:6.2f}")
        worst = max(worst, ratio)
    return worst


def main() -> int:
    print(f"{COUNT} masks a picture, medians of {ROUNDS} alternating calls in ms; the results are equal")
    print(f"{'picture':>13} {'':<8} {'pycocotools':>12} {'runner':>9} {'ratio':>6}")
    worst = max([compare(size) for size in SIZES])
    return 0 if print_verdict("runner's run lengths, of pycocotools' time, at worst", worst, BAR, "times") else 1


if __name__ == "__main__":
    sys.exit(main())
