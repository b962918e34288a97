"""Render a data set: `python render.py OUT --split train --pictures 9000`.

Writes OUT/pixels.npy (N x 256 x 256 x 3 uint8, what the network's first layer sees), OUT/boxes.npy (N x 24 x 5
float32 rows of class, left, top, right, bottom as shares of the picture; class -1 fills up), and OUT/jpeg/*.jpg with
OUT/coco.json, which `train` leaves out. The same seed yields the same picture, however many processes work.
"""

import argparse
import json
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from camera import jpeg
from page import LOOKS, MIXES, ON_REQUEST
from PIL import Image
from scene import scene
from things import SUBJECTS

SPLITS = {
    "train": 0,
    "validation": 50_000_000,
    "held-out": 60_000_000,
    "pictures": 71_000_000,
    "twenty": 80_000_000,
    "many": 90_000_000,
}
"""First seed of each split: no text, chart, photograph or desk is shared between splits."""
INPUT, SIDE, MOST = 512, 256, 24


def squeezed(picture: Image.Image) -> np.ndarray:
    """Return SIDE x SIDE x 3 uint8: bilinear to INPUT x INPUT as in the graph (not antialiased), then 2 x 2 means."""
    scale = (picture.width / INPUT, 0, 0, 0, picture.height / INPUT, 0)
    large = picture.transform((INPUT, INPUT), Image.Transform.AFFINE, scale, Image.Resampling.BILINEAR)
    return np.asarray(large.reduce(INPUT // SIDE))


def padded(objects: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return MOST x 5 float32 rows of class and normalised left, top, right, bottom; class -1 fills up."""
    rows = np.full((MOST, 5), -1, np.float32)
    count = min(MOST, len(objects))
    rows[:count] = objects[:count] / np.array((1, *size, *size), np.float32)
    return rows


def name_classes(subject: str) -> tuple[str, ...]:
    """Return the names of classes 0 and 1, or that of 0 alone."""
    return (subject,) if subject in SUBJECTS else ("page", "graph" if subject == "chart" else subject)


def one(
    number: int, split: str, size: str, look: str, subject: str, fill: str | None
) -> tuple[np.ndarray, np.ndarray, bytes, np.ndarray]:
    """Return pixels, padded boxes, JPEG bytes and objects in pixels of picture `number` of a split."""
    picture = scene(SPLITS[split] + number, size, fill=fill, look=look, subject=subject)
    encoded = jpeg(picture.image, 60 + number * 7 % 36)
    pixels = squeezed(Image.open(BytesIO(encoded)).convert("RGB"))
    return pixels, padded(picture.objects, picture.image.size), encoded, picture.objects


def coco(records: list[tuple[str, tuple[int, int], np.ndarray]], names: tuple[str, ...]) -> dict:
    """Return a COCO data set of (file name, size, objects) records; category 1 is the first of `names`."""
    images, notes = [], []
    for i, (name, (width, height), objects) in enumerate(records):
        images.append({"id": i, "file_name": name, "width": width, "height": height})
        for kind, left, top, right, bottom in objects.tolist():
            wide, high = right - left, bottom - top
            notes.append(
                {
                    "id": len(notes) + 1,
                    "image_id": i,
                    "category_id": int(kind) + 1,
                    "bbox": [left, top, wide, high],
                    "area": wide * high,
                    "iscrowd": 0,
                }
            )
    categories = [{"id": i + 1, "name": name} for i, name in enumerate(names)]
    return {"info": {}, "images": images, "annotations": notes, "categories": categories}


def render(
    out: Path, split: str, count: int, size: str, look: str, subject: str, fill: str | None, processes: int
) -> None:
    """Render `count` pictures of `split` into the folder `out`."""
    (out / "jpeg").mkdir(parents=True, exist_ok=True)
    pixels = np.lib.format.open_memmap(out / "pixels.npy", "w+", np.uint8, (count, SIDE, SIDE, 3))
    boxes, records = np.zeros((count, MOST, 5), np.float32), []
    with get_context("spawn").Pool(processes) as pool:
        for i, (small, rows, encoded, objects) in enumerate(
            pool.imap(partial(one, split=split, size=size, look=look, subject=subject, fill=fill), range(count), 24)
        ):
            pixels[i], boxes[i] = small, rows
            if split != "train":
                name = f"jpeg/{i:05d}.jpg"
                (out / name).write_bytes(encoded)
                records.append((name, Image.open(BytesIO(encoded)).size, objects))
            if (i + 1) % 500 == 0:
                print(f"{i + 1} of {count}", flush=True)
    np.save(out / "boxes.npy", boxes)
    (out / "coco.json").write_text(json.dumps(coco(records, name_classes(subject))))


def main() -> None:
    """Read the command line and render."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--pictures", type=int, default=9000)
    parser.add_argument("--size", choices=("small", "large"), help="small for training, large otherwise")
    parser.add_argument("--look", choices=LOOKS, default="paper")
    parser.add_argument("--subject", choices=("chart", "table", *SUBJECTS), default="chart", help="what is labelled")
    parser.add_argument("--fill", choices=(*MIXES, *ON_REQUEST), help="what the pages mostly hold")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    render(
        given.out,
        given.split,
        given.pictures,
        given.size or ("small" if given.split == "train" else "large"),
        given.look,
        given.subject,
        given.fill,
        given.processes,
    )


if __name__ == "__main__":
    main()
