"""Render what `runner demo --train` learns from and is measured on: `python looks.py ../src/runner_demo`.

Writes looks/twenty, twenty pictures of dark pages to learn from; looks/dark and looks/paper, held-out pictures of both
looks; and beside each brain rehearsal/, pictures of the look that it knows, with which it is trained further. All are
small: a training keeps no more of a picture than it needs.
"""

import argparse
import json
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from camera import jpeg
from PIL import Image
from render import SPLITS, coco, name_classes
from scene import SHARED, scene

SIDE, QUALITY = 600, 78
SETS = {"twenty": ("twenty", "dark", 20, 1), "dark": ("held-out", "dark", 40, SHARED),
        "paper": ("held-out", "paper", 40, SHARED)}  # fmt: skip
"""By name: split, look, number of pictures, and seeds from one to the next; SHARED gives each its own sheets."""
REHEARSAL = ("train", "paper", 60, SHARED)
NAMES = name_classes("chart")
BRAINS = dict(zip(("page", "graphs"), NAMES, strict=True))

Shot = tuple[bytes, tuple[int, int], np.ndarray]


def shoot(number: int, split: str, look: str, step: int) -> Shot:
    """Return the JPEG, its size and the rows of class, left, top, right, bottom in its pixels."""
    picture = scene(SPLITS[split] + number * step, "large", look=look)
    scale = min(1.0, SIDE / max(picture.image.size))
    size = (round(picture.image.width * scale), round(picture.image.height * scale))
    small = picture.image.resize(size, Image.Resampling.LANCZOS)
    return jpeg(small, QUALITY), size, picture.objects * np.array((1, scale, scale, scale, scale), np.float32)


def shoot_all(pool, split: str, look: str, count: int, step: int) -> list[Shot]:
    """Return `count` pictures."""
    return pool.map(partial(shoot, split=split, look=look, step=step), range(count), 4)


def write_set(folder: Path, shots: list[Shot]) -> None:
    """Write the pictures and labels.json, a COCO data set."""
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for i, (encoded, size, objects) in enumerate(shots):
        (folder / f"{i:02}.jpg").write_bytes(encoded)
        records.append((f"{i:02}.jpg", size, np.round(objects, 1)))
    (folder / "labels.json").write_text(json.dumps(coco(records, NAMES)) + "\n")


def write_rehearsal(folder: Path, shots: list[Shot], name: str) -> None:
    """Write the pictures and what is known of one class in them, as runner-train keeps them."""
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for i, (encoded, size, objects) in enumerate(shots):
        (folder / f"{i:03}.jpg").write_bytes(encoded)
        boxes = objects[objects[:, 0] == NAMES.index(name), 1:] / np.array((*size, *size), np.float32)
        objects_told = [{"name": name, "box": [round(float(side), 5) for side in box]} for box in boxes]
        told.append({"file": f"{i:03}.jpg", "key": f"paper/{i:03}.jpg", "known": [name], "objects": objects_told})
    (folder / "pictures.json").write_text(json.dumps(told) + "\n")


def main() -> None:
    """Render everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    with get_context("spawn").Pool(given.processes) as pool:
        for name, how in SETS.items():
            write_set(given.out / "looks" / name, shoot_all(pool, *how))
        shots = shoot_all(pool, *REHEARSAL)
    for brain, name in BRAINS.items():
        write_rehearsal(given.out / "brains" / brain / "rehearsal", shots, name)


if __name__ == "__main__":
    main()
