"""Parts of a run that do as a test says: brains that are slow or fail, sources that break, sinks that remember.

Stand-ins: no real network fails on the third frame, no real camera has exactly so many pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

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
    """``count`` frames, one each ``pause`` seconds; then ``error``, if any. ``given`` counts them, ``closed`` tells."""

    def __init__(self, count: int, *, live: bool = False, pause: float = 0.0, error: Exception | None = None) -> None:
        self.count, self.live, self.pause, self.error = count, live, pause, error
        self.given, self.closed = 0, False

    def frames(self) -> Iterator[Frame]:
        try:
            for index in range(self.count):
                time.sleep(self.pause)
                self.given += 1
                yield frame(index, live=self.live)
            if self.error:
                raise self.error
        finally:
            self.closed = True


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
