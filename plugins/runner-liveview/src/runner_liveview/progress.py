"""Meter: the progress of a run, in numbers for the page."""

from __future__ import annotations

from collections import deque
from statistics import median
from time import monotonic
from typing import Any

from runner_core.results import Inference, Result

WINDOW = 3.0  # seconds over which frames are counted
KEPT = 60  # frames, for the medians
GAP = 2.0  # seconds beyond the usual without a frame from the source


class Meter:
    """Counts the results of one camera; ``began`` is when the run began, in seconds of ``time.monotonic``."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.frames = self.dropped = self.failed = self.gaps = 0
        self._arrivals: deque[float] = deque(maxlen=1000)
        self._ms: dict[str, deque[float]] = {}
        self._steps: deque[float] = deque(maxlen=KEPT)
        self._before: tuple[int, float] | None = None

    def add(self, result: Result) -> None:
        """Counts a result."""
        now = monotonic()
        self._arrivals.append(now)
        while self._arrivals[0] < now - WINDOW:
            self._arrivals.popleft()
        self.frames += 1
        self.dropped += result.dropped
        self.failed += bool(result.failures)
        self._note_gap(result)
        for inference in result.answers:
            self._ms.setdefault(inference.brain, deque(maxlen=KEPT)).append(sum(inference.ms.values()))

    def numbers(self) -> dict[str, Any]:
        """The current numbers; ``fps`` is None before the second frame."""
        many = len(self._arrivals)
        spent = self._arrivals[-1] - self._arrivals[0] if many > 1 else 0.0
        return {
            "began": self.began, "fps": (many - 1) / spent if spent else None,
            "frames": self.frames, "dropped": self.dropped, "failed": self.failed, "gaps": self.gaps,
        }  # fmt: skip

    def ms(self, inference: Inference) -> float:
        """The median milliseconds of the inference's brain in the last frames."""
        return median(self._ms[inference.brain])

    def _note_gap(self, result: Result) -> None:
        """Counts a gap if a live source gave nothing for much longer than usual from one frame to the next."""
        frame, before = result.frame, self._before
        if frame.taken is None:
            return
        self._before = frame.index, frame.taken
        if before is None or frame.index <= before[0]:
            return
        count, passed = frame.index - before[0], frame.taken - before[1]
        if self._steps and passed > GAP + count * median(self._steps):
            self.gaps += 1
        else:
            self._steps.append(passed / count)
