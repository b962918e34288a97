"""The clip that ships with runner, played as by a camera."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat
from time import monotonic, sleep

from runner_core.frames import Frame
from runner_core.pipeline import open_source
from runner_demo.store import CLIP

RATE = 25  # frames a second, as the clip was rendered
TURNS = {"camera": None, "clip": 1}  # how often the clip is played; None: forever


class DemoCamera:
    """``demo:camera`` plays the clip over and over at its own speed, ``demo:clip`` once.

    Like a camera it does not wait: a slow run gets the newest picture.
    """

    live: bool = True

    def __init__(self, location: str) -> None:
        self.name, self._turns = f"demo:{location}", TURNS[location]

    def frames(self) -> Iterator[Frame]:
        """Each frame at its time. Raises NotInstalled without runner-video."""
        turns = repeat(None) if self._turns is None else repeat(None, self._turns)
        pictures = chain.from_iterable(open_source(f"video:{CLIP}").frames() for _ in turns)
        begin = monotonic()
        for index, frame in enumerate(pictures):
            frame.source, frame.index, frame.time = self.name, index, index / RATE
            sleep(max(0.0, begin + frame.time - monotonic()))
            frame.taken = monotonic()
            yield frame
