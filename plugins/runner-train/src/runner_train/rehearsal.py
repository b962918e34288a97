"""Rehearsal: pictures that a brain learnt from travel with it, so that it can learn more without forgetting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from runner_core.cards import Artifact, describe_files
from runner_core.errors import TrainingError
from runner_train.pictures import UNLABELLED, Picture

FOLDER, FILE = "rehearsal", "pictures.json"
MOST, SIDE, QUALITY = 60, 640, 90  # pictures; pixels of the longer side; of their JPEGs


def has_rehearsal(folder: Path) -> bool:
    return (folder / FOLDER / FILE).is_file()


def write_rehearsal(folder: Path, pictures: Sequence[Picture], names: Sequence[str]) -> Artifact:
    """Some of the pictures, evenly over all, and their labels by the names of their classes; as a card names them."""
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    chosen = [pictures[at] for at in np.unique(np.linspace(0, len(pictures) - 1, MOST).astype(int))]
    told = []
    for number, picture in enumerate(chosen):
        image = picture.image.copy()
        image.thumbnail((SIDE, SIDE))
        image.save(place / f"{number:03}.jpg", quality=QUALITY)
        if picture.class_map is not None:
            picture.class_map.resize(image.size, Image.Resampling.NEAREST).save(place / f"{number:03}.png")
        told.append(
            {
                "file": f"{number:03}.jpg",
                "key": picture.key,
                **({} if picture.class_map is None else {"map": f"{number:03}.png", "classes": [*names]}),
                "known": [names[kind] for kind in sorted(picture.known)],
                "objects": [
                    {"name": names[kind] if kind >= 0 else None, "box": [round(float(side), 5) for side in box]}
                    for box, kind in zip(picture.boxes, picture.classes.tolist(), strict=True)
                ],
            }
        )
    (place / FILE).write_text(json.dumps(told, indent=1) + "\n")
    return Artifact(FOLDER, FOLDER, describe_files(folder, place))


def read_rehearsal(folder: Path, numbers: dict[str, int], ignored: int) -> list[Picture]:
    """The pictures that travel with the brain in ``folder``; ``numbers`` of the classes by name."""
    place = folder / FOLDER
    try:
        told = json.loads((place / FILE).read_text())
        return [_read(place, each, numbers, ignored) for each in told]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{place}: not the pictures of a brain ({error})", remedy="fetch the brain anew") from error


def _read(place: Path, told: dict[str, object], numbers: dict[str, int], ignored: int) -> Picture:
    name = Path(str(told["file"])).name  # never outside of the folder
    with Image.open(place / name) as image:
        pixels = image.convert("RGB")
    objects: list[dict[str, object]] = told["objects"]  # type: ignore[assignment]
    boxes = np.array([each["box"] for each in objects], np.float32).reshape(-1, 4)
    classes = np.array([numbers.get(str(each["name"]), ignored) for each in objects], np.int64)
    known: list[str] = told["known"]  # type: ignore[assignment]
    class_map = _read_map(place, told, numbers) if "map" in told else None
    return Picture(str(told["key"]), pixels, boxes, classes, frozenset(numbers[each] for each in known), class_map)


def _read_map(place: Path, told: dict[str, object], numbers: dict[str, int]) -> Image.Image:
    names: list[str] = told["classes"]  # type: ignore[assignment]
    change = [numbers.get(name, UNLABELLED) for name in names]
    with Image.open(place / Path(str(told["map"])).name) as image:
        return image.convert("L").point(change + [UNLABELLED] * (256 - len(change)))
