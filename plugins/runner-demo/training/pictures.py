"""Render the eight pictures that ship with the plugin: `python pictures.py ../src/runner_demo/pictures`.

They belong to a split of their own; the layouts are fixed for variety, the seeds simply count up.
"""

import argparse
import json
from pathlib import Path

from camera import jpeg
from PIL import Image
from render import SPLITS, coco, name_classes
from scene import SHARED, scene

WIDE, TALL = (1280, 960), (960, 1280)
LAYOUTS = (
    ("book", "charts", WIDE),
    ("one", "mixed", TALL),
    ("two", "charts", WIDE),
    ("one", "charts", WIDE),
    ("several", "mixed", WIDE),
    ("book", "mixed", WIDE),
    ("near", "charts", TALL),
    ("one", "hard", WIDE),
)
QUALITY, LIMIT = 88, 150_000
"""JPEG quality to begin with, and the most bytes a picture may have."""


def encoded(picture: Image.Image) -> bytes:
    """Return the JPEG of the best quality within the limit."""
    return next(
        data for quality in range(QUALITY, 40, -4) if len(data := jpeg(picture, quality)) <= LIMIT or quality <= 44
    )


def main() -> None:
    """Render, write `<number>-<layout>.jpg` and the true boxes beside them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    records = []
    for i, (layout, fill, size) in enumerate(LAYOUTS):
        picture = scene(SPLITS["pictures"] + SHARED * i, size, layout, fill, fine=2)
        name = f"{i + 1}-{layout}.jpg"
        (given.out / name).write_bytes(encoded(picture.image))
        records.append((name, picture.image.size, picture.objects))
    (given.out / "truth.json").write_text(json.dumps(coco(records, name_classes("chart")), indent=1) + "\n")


if __name__ == "__main__":
    main()
