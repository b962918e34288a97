"""Many different JPEGs of one picture."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageChops


def make_shifted_jpegs(folder: Path, source: Path, size: tuple[int, int], count: int) -> list[Path]:
    """So many JPEGs of that size: the picture shifted a little further each time."""
    with Image.open(source) as opened:
        base = opened.convert("RGB").resize(size)
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        ImageChops.offset(base, 5 * number, 0).save(path, quality=90)
    return paths
