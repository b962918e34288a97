"""Parts of a run that do as a test says: brains that are slow or fail, sources that break, sinks that remember.

Stand-ins: no real network fails on the third frame, no real camera has exactly so many pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

import numpy as np

from runner_core.brain import Brain
from runner_core.cards.labels import LabelMap
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference
from runner_core.results.result import Result

PIXELS = np.zeros((8, 12, 3), np.uint8)


def frame(index: int, *, source: str = "test", live: bool = False) -> Frame:
    return Frame(source=source, pixels=PIXELS, index=index, taken=time.monotonic() if live else None)


class ScriptedBrain(Brain):
    """Finds one box whose score tells the frame's index, after what ``act`` does with the frame."""

    version = task = family = engine = "test"
    labels = LabelMap.from_names(["thing"])

    def __init__(self, name: str = "brain", act: Callable[[Frame], object] = lambda frame: None) -> None:
        self.name, self.act = name, act
        self.asked: list[int] = []
        self.at_once = self.most_at_once = 0
        self._lock = Lock()

    def infer(self, frame: Frame) -> Inference:
        with self._lock:
            self.asked.append(frame.index)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.act(frame)
        finally:
            with self._lock:
                self.at_once -= 1
        return Inference(
            brain=self.name, task=self.task, size=frame.size, labels=self.labels, model_ids=[0], ms={"run": 1.0},
            boxes=np.array([[0, 0, 4, 4]], np.float32), scores=[frame.index / 1000],
        )  # fmt: skip


class ScriptedSource:
    """``count`` frames, one each ``pause`` seconds or in ``step``; then ``error``, if any. ``given`` counts them."""

    def __init__(
        self, count: int, *, live: bool = False, pause: float = 0.0, step: Lockstep | None = None,
        error: Exception | None = None,
    ) -> None:  # fmt: skip
        self.count, self.live, self.error = count, live, error
        self.wait = step.tick if step else lambda: time.sleep(pause)
        self.given, self.closed = 0, False

    def frames(self) -> Iterator[Frame]:
        try:
            for index in range(self.count):
                self.wait()
                self.given += 1
                yield frame(index, live=self.live)
            if self.error:
                raise self.error
        finally:
            self.closed = True


class Lockstep:
    """A camera and what looks at its frames, in step: so many frames come during one look, however busy the machine is.

    The camera calls ``tick`` before each of its ``count`` frames, whoever looks calls ``look``.
    """

    PATIENCE = 60  # seconds, by when something hangs

    def __init__(self, count: int, each: int) -> None:
        self.each = each
        self._left, self._may = count, each
        self._changed = Condition()

    def tick(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._may > 0, self.PATIENCE)
            self._may -= 1
            self._left -= 1
            self._changed.notify_all()

    def look(self, _: object = None) -> None:
        """Until as many frames more have come, or the last."""
        with self._changed:
            self._may += self.each
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: not (self._may and self._left), self.PATIENCE)


class MemorySink:
    """Keeps the results; ``act`` sees each first. ``closed`` tells whether it was, ``summary`` how the run ended."""

    def __init__(self, act: Callable[[Result], object] = lambda result: None) -> None:
        self.act = act
        self.results: list[Result] = []
        self.summary: object = None
        self.closed = False

    @contextmanager
    def open(self) -> Iterator[MemorySink]:
        try:
            yield self
        finally:
            self.closed = True

    def write(self, result: Result) -> None:
        self.act(result)
        self.results.append(result)

    def finish(self, summary: object) -> None:
        self.summary = summary

    @property
    def indices(self) -> list[int]:
        return [result.frame.index for result in self.results]
