"""Decoding JPEGs: a frame's pixels, whole and of half the size, against Pillow's own reading of the same bytes.

Both begin with the bytes and end with the same array; a frame also finds out how the picture is rotated. At half the
size both do the same work in libjpeg-turbo, whose share differs from one processor to another (its bare call was seen
to take 0.65 to 0.86 of Pillow's time): there a frame must only not be slower.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import numpy as np
from _measure import alternate
from _pictures import make_shifted_jpegs
from _testdata import find_testdata
from numpy.typing import NDArray
from PIL import Image

from runner_core import Frame
from runner_core.frames.picture_spec import PictureSpec

ROUNDS = 60
MOST = {((640, 480), 1): 1.05, ((640, 480), 2): 1.05, ((1920, 1080), 1): 0.85, ((1920, 1080), 2): 1.0}  # of Pillow's


def by_pillow(data: bytes, scale: int) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(data))
    if scale > 1:
        image.draft(None, (image.width // scale, image.height // scale))
    return np.asarray(image)


def by_frame(data: bytes, scale: int) -> NDArray[np.generic]:
    frame = Frame.from_bytes(data)
    if scale == 1:
        return frame.pixels
    enough = PictureSpec(enough=(frame.size[0] // scale, frame.size[1] // scale), batched=False)
    frame.expect([enough])
    return frame.prepared(enough).tensor


def share(data: bytes, size: tuple[int, int], scale: int) -> float:
    """Prints a line of the table; our time as a share of Pillow's. Exits where the pixels differ."""
    if not np.array_equal(by_pillow(data, scale), by_frame(data, scale)):
        sys.exit(f"MISSED {size} at 1/{scale}: other pixels than Pillow's")
    rivals = {"pillow": lambda: by_pillow(data, scale), "frame": lambda: by_frame(data, scale)}
    spent = alternate(rivals, rounds=ROUNDS)
    found = spent["frame"] / spent["pillow"]
    print(
        f"{size[0]:>4} x {size[1]:<4}  1/{scale} {spent['pillow']:9.2f} {spent['frame']:9.2f} {found:6.2f}", flush=True
    )
    return found


def main() -> int:
    print(f"{'picture':11} scale {'Pillow ms':>9} {'frame ms':>9} {'share':>6}")
    kept = True
    for (size, scale), most in MOST.items():
        with tempfile.TemporaryDirectory() as folder:
            (path,) = make_shifted_jpegs(Path(folder), find_testdata() / "pictures" / "cat_1080p.jpg", size, 1)
            data = path.read_bytes()
        kept &= share(data, size, scale) <= most
    bars = ", ".join(f"{most} at {width} x {height} 1/{scale}" for ((width, height), scale), most in MOST.items())
    print(f"{'ok' if kept else 'MISSED'}: the same pixels in at most so much of Pillow's time: {bars}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
