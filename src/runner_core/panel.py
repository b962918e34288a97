"""Panel: the brains of a run, and what they say of one frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from runner_core.brain import Brain
from runner_core.errors import EngineError, ImageError, UsageError
from runner_core.frame import Frame
from runner_core.inference import Inference
from runner_core.result import Failure, Result

log = logging.getLogger("runner")

PATIENCE = 10  # failures in a row after which a brain is left out

# Runs ``ask`` for every brain, in order or side by side, and gives the answers in order.
Spread = Callable[[Callable[[Brain], "Inference | Failure"], Sequence[Brain]], Iterable["Inference | Failure"]]


class Panel:
    """Asks every brain about a frame. ``look`` may be called from several threads.

    A brain that fails costs its own answer; one that fails ``PATIENCE`` times in a row is left out from then on.
    ``exact`` decodes every picture whole; else only as large as the brains need, where all of them say.
    """

    def __init__(self, brains: Sequence[Brain], *, exact: bool = True) -> None:
        names = [brain.name for brain in brains]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            remedy = "open one with another name; on the command line BRAIN?name=OTHER"
            raise UsageError(f"two brains are named {', '.join(twice)}", remedy=remedy)
        self.brains = tuple(brains)
        self._failed = dict.fromkeys(names, 0)
        self._lock = Lock()
        specs = [getattr(brain, "picture", None) for brain in brains]
        self._specs = () if exact or None in specs else tuple(spec for spec in specs if spec)

    def look(self, frame: Frame, spread: Spread = map) -> Result:
        """What the brains say. A picture that cannot be read is one failure, not one for each brain."""
        frame.expect(self._specs)
        try:
            _ = frame.size
            return Result(frame, tuple(spread(lambda brain: self._ask(brain, frame), self.brains)))
        except ImageError as error:
            return Result(frame, error=Failure.of(error))

    def _ask(self, brain: Brain, frame: Frame) -> Inference | Failure:
        if self._failed[brain.name] >= PATIENCE:
            return Failure("EngineError", f"left out after {PATIENCE} failures in a row", brain.name)
        try:
            inference = brain.infer(frame)
        except ImageError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a plugin raises costs this one answer
            if isinstance(error, EngineError):
                _ = frame.pixels  # a graph that decodes by itself cannot tell a damaged picture from a fault: this can
            self._count(brain, error)
            return Failure.of(error, brain=brain.name)
        self._failed[brain.name] = 0
        return inference

    def _count(self, brain: Brain, error: Exception) -> None:
        with self._lock:
            self._failed[brain.name] += 1
            if self._failed[brain.name] == PATIENCE:
                log.warning("brain %s is left out: %d failures in a row (%s)", brain.name, PATIENCE, error)
