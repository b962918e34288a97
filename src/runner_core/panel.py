"""Panel: the brains of a run, and what they say of one frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from runner_core.behind_decoder import BehindDecoder, decoder_of
from runner_core.brain import Brain
from runner_core.errors import EngineError, ImageError, UsageError
from runner_core.frame import Frame
from runner_core.inference import Inference
from runner_core.picture import PictureSpec
from runner_core.result import Failure, Result

log = logging.getLogger("runner")

PATIENCE = 10  # failures in a row after which a brain is left out

# Runs ``ask`` for every brain, in order or side by side, and gives the answers in order.
Spread = Callable[[Callable[[Brain], "Inference | Failure"], Sequence[Brain]], Iterable["Inference | Failure"]]


class Panel:
    """Asks every brain about a frame. ``look`` may be called from several threads.

    A brain that fails costs its own answer; one that fails ``PATIENCE`` times in a row is left out from then on.
    ``exact`` gives each brain what it asks for, decoded whole. Else a picture is decoded only as large as the brains
    need, where all of them say, and graphs that decode by themselves share one decoding.
    """

    def __init__(self, brains: Sequence[Brain], *, exact: bool = True) -> None:
        names = [brain.name for brain in brains]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            remedy = "open one with another name; on the command line BRAIN?name=OTHER"
            raise UsageError(f"two brains are named {', '.join(twice)}", remedy=remedy)
        self.brains = tuple(brains) if exact else _sharing(brains)
        self._failed = dict.fromkeys(names, 0)
        self._lock = Lock()
        self._exact = exact

    def look(self, frame: Frame, spread: Spread = map) -> Result:
        """What the brains say. A picture that cannot be read is one failure, not one for each brain."""
        if not self._exact:
            frame.expect(self._specs())
        try:
            _ = frame.size
            return Result(frame, tuple(spread(lambda brain: self._ask(brain, frame), self.brains)))
        except ImageError as error:
            return Result(frame, error=Failure.of(error))

    def _specs(self) -> list[PictureSpec]:
        """All that the brains ask of a frame; nothing where one of them does not say."""
        specs = [getattr(brain, "picture", None) for brain in self.brains]
        return [] if None in specs else [spec for spec in specs if spec]

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


def _sharing(brains: Sequence[Brain]) -> tuple[Brain, ...]:
    """The brains, those that decode by themselves fed behind their decoders where that spares a second decoding."""
    decoders = [decoder_of(brain) for brain in brains]
    pixels = any(decoder is None for decoder in decoders)
    if sum(decoder is not None for decoder in decoders) + pixels < 2:
        return tuple(brains)
    return tuple(BehindDecoder(*decoder) if decoder else brain for brain, decoder in zip(brains, decoders, strict=True))
