"""Videos: a damaged clip gives frames, or a SourceError of one line; a damaged frame costs itself.

An input is the file's name, a line, and then its bytes: ``clip.mp4\n...``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np
from clips import write_clip
from commands import allow_refusal
from runner_video.video import VideoSource

from runner_core.errors import ImageError

NAMED = True  # an input begins with the name of its seed
TOKENS = (
    b"moov", b"mdat", b"ftyp", b"trak", b"stts", b"stsz", b"stco", b"tkhd", b"elst", b"moof", b"avcC", b"RIFF",
    b"movi", b"idx1", b"\x1a\x45\xdf\xa3", b"\x1f\x43\xb6\x75", b"\x00\x00\x01\xb3", b"\x00\x00\x01\x67", b"\x47\x40",
    b"file:///etc/passwd", b"concat:", b"http://127.0.0.1:9/", b"#EXTM3U\n", b"ffconcat version 1.0\n",
)  # fmt: skip
_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".flv", ".mjpeg", ".ogv", ".3gp")
_MOST_FRAMES = 60
_SAME = {"fflags": "bitexact"}  # without a number that is drawn for each file
_CODECS = {".ogv": "libtheora", ".mpg": "mpeg1video", ".flv": "flv1"}


def make_seeds() -> Mapping[str, bytes]:
    """A clip of twenty small pictures in each container that FFmpeg writes here."""
    seeds = {}
    with tempfile.TemporaryDirectory() as folder:
        for suffix in _SUFFIXES:
            path = Path(folder) / f"clip{suffix}"
            try:
                fps = 25 if suffix == ".mpg" else 10
                write_clip(path, fps=fps, codec=_CODECS.get(suffix, ""), options=_SAME)
            except (OSError, ValueError):  # this FFmpeg has no such encoder
                continue
            seeds[path.name] = path.read_bytes()
        fast = write_clip(Path(folder) / "fast.mp4", options={"movflags": "faststart"}, rotation=90)
        seeds[fast.name] = fast.read_bytes()
    return seeds


def fuzz_one_input(data: bytes) -> None:
    """Raises anything but SourceError and ImageError, which is a finding."""
    name, _, content = data.partition(b"\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / os.fsdecode(name)
        path.write_bytes(content)
        allow_refusal(lambda: VideoSource(path).total)
        allow_refusal(lambda: _look(VideoSource(path)))
        allow_refusal(lambda: _look(VideoSource(f"{path}?start=0.5&max_fps=5")))


def _look(source: VideoSource) -> None:
    time = -np.inf
    for frame in islice(source.frames(), _MOST_FRAMES):
        assert frame.time is not None
        assert np.isfinite(frame.time), f"a frame at {frame.time} s"
        time = frame.time
        try:
            width, height = frame.size
            assert frame.pixels.shape == (height, width, 3)
        except ImageError:
            continue
    assert time < np.inf
