"""Videos made for tests: pictures that are numbers_and_times apart by their shade, at times that are exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import numpy as np

MILLI = Fraction(1, 1000)
DARKEST, STEP = 50, 10  # of grey: the first picture's, and from one to the next
NOISE = 15  # so that a picture takes some bytes
PICTURES = 20

# whichever codec each container is usually found with
CODECS = {".avi": "mpeg4", ".webm": "libvpx-vp9", ".mjpeg": "mjpeg"}
FORMATS = {"mjpeg": "yuvj420p", "png": "rgb24"}


def write_clip(
    path: Path, *, times: Sequence[float] = (), fps: int = 10, size: tuple[int, int] = (64, 48), rotation: int = 0,
    codec: str = "", options: dict[str, str] | None = None, pictures: Iterable[np.ndarray] | None = None,
    b_frames: int | None = None,
) -> Path:  # fmt: skip
    """A video whose n-th picture is a noisy grey of its own, or ``pictures``; a key picture every fifth.

    ``times`` are seconds; without them there are PICTURES at ``fps`` a second. ``b_frames`` is how many pictures in a
    row may refer to a later one.
    """
    times = times or [index / fps for index in range(PICTURES)]
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec or CODECS.get(path.suffix, "libx264"), rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = FORMATS.get(stream.codec_context.name, "yuv420p")
        stream.codec_context.gop_size = 5
        stream.codec_context.thread_count = 1  # a slice for each core would be another file on another machine
        if b_frames is not None:
            stream.codec_context.max_b_frames = b_frames
        if path.suffix in (".mp4", ".mov", ".mkv"):
            stream.codec_context.time_base = MILLI
        if rotation:
            stream.set_display_rotation(rotation)
        for pixels, time in zip(pictures or greys(size), times, strict=False):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(time / MILLI), MILLI
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def greys(size: tuple[int, int]) -> Iterable[np.ndarray]:
    """H x W x 3 uint8, for ever; repeats itself behind PICTURES."""
    noise = np.random.default_rng(0)
    for index in count():
        shade = DARKEST + STEP * (index % PICTURES)
        grey = noise.integers(shade - NOISE, shade + NOISE, (size[1], size[0], 1), np.uint8, endpoint=True)
        yield np.repeat(grey, 3, axis=2)


def number_of(pixels: np.ndarray) -> int:
    """Which picture of ``greys`` it is."""
    return round((float(pixels.mean()) - DARKEST) / STEP)


def numbers_and_times(frames: Iterable) -> list[tuple[int, float]]:
    """(number, time in seconds) of each frame."""
    return [(number_of(frame.pixels), round(frame.time, 3)) for frame in frames]
