"""The pictures of an animation, each at its time: GIF, WebP, animated PNG, AVIF sequences, FLI and FLC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.errors import ImageError, SourceError
from runner_core.frames.decode import guard_reading, is_animated, open_image, to_rgb
from runner_core.frames.frame import Frame

_SHORTEST, _USUAL = 0.010, 0.100  # seconds: what is stated as no longer is shown for the usual time, as browsers do


@attrs.frozen
class Animation:
    """``count`` pictures that follow each other in time, in the bytes of ``frame``. Made by ``open``."""

    frame: Frame
    image: Image.Image
    count: int

    @classmethod
    def open(cls, frame: Frame) -> Self | None:
        """None for what is not animated, or cannot be read: then the frame itself says why."""
        try:
            image = open_image(frame.encoded or b"", frame.source)
            with guard_reading(frame.source, "damaged"):
                count = getattr(image, "n_frames", 1) - _count_apart(image)
                return cls(frame, image, count) if is_animated(image) else None
        except ImageError:
            return None

    def frames(self) -> Iterator[Frame]:
        """Each picture, with the seconds from the first. May be called once.

        Raises SourceError where one is damaged, since those after it are drawn over it; for the first, ``frame`` is
        given, which raises ImageError when its pixels are read.
        """
        time = 0.0
        for index in range(self.count):
            try:
                pixels, seconds = self._read(index)
            except ImageError as error:
                if index == 0:
                    yield self.frame
                    return
                problem = f"{self.frame.source}: damaged or cut short after {index} of {self.count} pictures"
                raise SourceError(problem, remedy="those before are done") from error
            frame = Frame.from_array(pixels, source=self.frame.source, index=index, time=time)
            frame.file_name = self.frame.file_name
            yield frame
            time += seconds

    def _read(self, index: int) -> tuple[NDArray[np.uint8], float]:
        """The pixels of a picture, and the seconds for which it is shown. Raises ImageError."""
        with guard_reading(self.frame.source, "damaged"):
            self.image.seek(index + _count_apart(self.image))
        pixels = np.asarray(to_rgb(self.image, self.frame.source))
        seconds = float(self.image.info.get("duration", 0)) / 1000
        return pixels, seconds if seconds > _SHORTEST else _USUAL


def read_pictures(frame: Frame) -> Iterator[Frame]:
    """The pictures of an animation, as ``Animation.frames`` gives them; the frame itself if it is none."""
    animation = Animation.open(frame)
    yield from animation.frames() if animation else (frame,)


def _count_apart(image: Image.Image) -> int:
    """1 for a PNG that begins with a picture for viewers that show no animation, else 0."""
    return int(getattr(image, "default_image", False))
