"""Snapshot: a result as it is kept for the page, until the next one replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.errors import ImageError
from runner_core.frames import Frame
from runner_core.results import Result
from runner_liveview.progress import Meter


@attrs.frozen
class Snapshot:
    """What the page shows of one camera.

    ``number``   grows from snapshot to snapshot, over all cameras.
    ``camera``   the source of a frame that is live; all files are one camera, which has no name.
    ``pinned``   the encoded bytes or the pixels, if they were known; else the frame makes them again.
    ``numbers``, ``ms``  the run in numbers, and the median milliseconds of each brain.
    """

    number: int
    camera: str
    result: Result
    pinned: bytes | NDArray[np.uint8] | None
    numbers: Mapping[str, Any]
    ms: Mapping[str, float]

    @classmethod
    def take(cls, result: Result, number: int, meter: Meter, *, pin: bool) -> Snapshot:
        """Taken while the frame still has what it computed for the brains."""
        ms = {inference.brain: meter.ms(inference) for inference in result.answers}
        pinned = _read_if_known(result.frame) if pin and not result.error else None
        return cls(number, camera_of(result.frame), result, pinned, meter.numbers(), ms)

    @property
    def picture(self) -> bytes | NDArray[np.uint8]:
        """Encoded bytes, else H x W x 3 uint8 RGB. Raises ImageError."""
        frame = self.result.frame
        if self.pinned is not None:
            return self.pinned
        encoded = frame.encoded
        return frame.pixels if encoded is None else encoded


def camera_of(frame: Frame) -> str:
    """The camera under which the page shows the frame."""
    return "" if frame.taken is None else frame.source


def _read_if_known(frame: Frame) -> bytes | NDArray[np.uint8] | None:
    try:
        encoded = frame.encoded
        return frame.pixels if encoded is None else encoded
    except ImageError:  # a brain still had an answer, or none needed the pixels
        return None
