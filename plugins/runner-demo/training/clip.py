"""Render the clip that ships with the plugin: `python clip.py ../src/runner_demo/clip.mp4`.

A camera looks at an open book on a desk, comes near one page's charts, goes over to the other's and back again.
"""

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from random import Random

import av
import numpy as np
from camera import View, exposed, view
from PIL import Image
from scene import laid, printed

SEED = "clip 5"
SIZE, RATE, SECONDS = (960, 540), 25, 5
FINE = 2
"""Rendered that many times larger and reduced."""
KEYS = ((0, 0.5, 0.5, 1.0, 0), (1.7, 0.4, 0.5, 0.68, -3), (3.3, 0.62, 0.53, 0.68, 3), (5, 0.5, 0.5, 0.96, 0))
"""Seconds, middle and width of what is seen as shares of the first view, turn in degrees."""
ENCODER = {"preset": "veryslow", "crf": "30", "threads": "1"}


def window(second: float) -> np.ndarray:
    """Return the 3 x 3 matrix from pixels of the frame of that second to those of the first view."""
    times, *ways = np.array(KEYS).T
    index = min(int(np.searchsorted(times, second, "right")) - 1, len(times) - 2)
    share = (second - times[index]) / (times[index + 1] - times[index])
    ease = (1 - np.cos(np.pi * share)) / 2
    x, y, scale, turn = (way[index] + (way[index + 1] - way[index]) * ease for way in ways)
    x, y = x + 0.004 * np.sin(5.1 * second), y + 0.005 * np.sin(6.7 * second + 1)  # held by hand
    width, height = (side * FINE for side in SIZE)
    cos, sin = np.cos(np.radians(turn)) * scale, np.sin(np.radians(turn)) * scale
    return (
        np.array([[1, 0, x * width], [0, 1, y * height], [0, 0, 1]])
        @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        @ np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    )


def frames() -> Iterator[Image.Image]:
    """Yield the pictures of the clip."""
    r = Random(SEED)
    large = (SIZE[0] * FINE, SIZE[1] * FINE)
    camera = view(r, large)
    stage = laid(r, camera, lambda number, upright: printed(SEED, number, 1500, upright, "charts"), "book")
    light = r.getrandbits(32)
    for number in range(RATE * SECONDS):
        moved = View(camera.matrix @ window(number / RATE), large, camera.desk)
        picture = moved.take(stage.top, Image.Resampling.BILINEAR).reduce(FINE)
        yield exposed(Random(light), picture, clean=True)


def write(pictures: Iterator[Image.Image], path: Path) -> None:
    """Encode as H.264."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options=ENCODER)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, RATE)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def main() -> None:
    """Read the command line, render and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    write(frames(), parser.parse_args().out)


if __name__ == "__main__":
    main()
