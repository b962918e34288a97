"""FrameExecutor: the brains of a run, and what they say of one frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from threading import Lock

import attrs

from runner_core.brain import Brain, Cascade, stages
from runner_core.errors import EngineError, ImageError, UsageError
from runner_core.frames.frame import Frame
from runner_core.frames.preprocess import PictureSpec
from runner_core.results.inference import Inference
from runner_core.results.result import Failure, Result


@attrs.define
class FailureLog:
    """Lines about failures, result by result; a brain that goes on failing as before is said once.

    That one is left out from now on is none: whoever leaves it out logs that, and why.
    """

    _last: dict[str, str] = attrs.field(factory=dict, init=False)

    def lines_of(self, result: Result) -> list[str]:
        """One line for each failure of this result that is new."""
        lines = []
        for failure in result.failures:
            if not failure.brain:
                lines.append(failure.message)
            elif failure.message not in (LEFT_OUT, self._last.get(failure.brain)):
                lines.append(f"{result.frame.source}: brain {failure.brain}: {failure.message}")
            self._last[failure.brain] = failure.message
        return lines


log = logging.getLogger("runner")

PATIENCE = 10  # failures in a row after which a brain is left out
LEFT_OUT = f"left out after {PATIENCE} failures in a row"

Family = tuple[Brain, ...]  # a brain, and all that look into what it finds, each behind the one it needs
Answers = list[Inference | Failure]

# Runs ``ask`` for every family, in order or side by side, and gives the answers in order.
Spread = Callable[[Callable[[Family], Answers], Sequence[Family]], Iterable[Answers]]


class FrameExecutor:
    """Asks every brain about a frame. ``look`` may be called from several threads.

    A cascade is asked brain by brain, and a brain that several begin with once; each has an answer of its own.
    A brain that fails costs that answer, and those of the brains that would look into it; one that fails ``PATIENCE``
    times in a row is left out from then on.
    ``exact`` gives each brain what it asks for, decoded whole. Else a picture is decoded only as large as the brains
    need, where all of them say, and graphs that decode by themselves share one decoding.
    """

    def __init__(self, brains: Sequence[Brain], *, exact: bool = True) -> None:
        asked = tuple(dict.fromkeys(stage for brain in brains for stage in stages(brain)))
        names = [brain.name for brain in (*brains, *(brain for brain in asked if brain not in brains))]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            remedy = "open one with another name; on the command line BRAIN?name=OTHER"
            raise UsageError(f"two brains are named {', '.join(twice)}", remedy=remedy)
        self.brains = asked if exact else _sharing(asked)
        self._families = _families(asked, dict(zip(asked, self.brains, strict=True)))
        self._failed = dict.fromkeys(names, 0)
        self._lock = Lock()
        self._exact = exact

    def run_frame(self, frame: Frame, spread: Spread = map) -> Result:
        """What the brains say. A picture that cannot be read is one failure, not one for each brain."""
        if not self._exact:
            frame.expect(self._specs())
        try:
            _ = frame.size
            answers = spread(lambda family: self._ask_family(family, frame), self._families)
            return Result(frame, tuple(chain.from_iterable(answers)))
        except ImageError as error:
            return Result(frame, error=Failure.from_error(error))

    @property
    def asked(self) -> dict[str, PictureSpec | None]:
        """What each brain asks of a frame; None where it does not say."""
        return {brain.name: brain.picture for brain in self.brains}

    def _specs(self) -> list[PictureSpec]:
        """All that the brains ask of a frame; nothing where one of them does not say."""
        specs = list(self.asked.values())
        return [] if None in specs else [spec for spec in specs if spec]

    def _ask_family(self, family: Family, frame: Frame) -> Answers:
        answers: dict[str, Inference | Failure] = {}
        for brain in family:
            before = answers[brain.first.name] if isinstance(brain, Cascade) else None
            answers[brain.name] = self._ask(brain, frame, before)
        return list(answers.values())

    def _ask(self, brain: Brain, frame: Frame, before: Inference | Failure | None) -> Inference | Failure:
        if isinstance(before, Failure):
            return Failure(before.kind, f"{before.brain}, whose answer it looks into, failed", brain.name)
        if self._failed[brain.name] >= PATIENCE:
            return Failure("EngineError", LEFT_OUT, brain.name)
        try:
            if isinstance(brain, Cascade) and before is not None:
                inference = brain.look_into(frame, before)
            else:
                inference = brain.infer(frame)
        except ImageError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a plugin raises costs this one answer
            if isinstance(error, EngineError):
                _ = frame.pixels  # a graph that decodes by itself cannot tell a damaged picture from a fault: this can
            self._count(brain, error)
            return Failure.from_error(error, brain=brain.name)
        self._failed[brain.name] = 0
        return inference

    def _count(self, brain: Brain, error: Exception) -> None:
        with self._lock:
            self._failed[brain.name] += 1
            if self._failed[brain.name] == PATIENCE:
                log.warning("brain %s is left out: %d failures in a row (%s)", brain.name, PATIENCE, error)


def _families(brains: Sequence[Brain], fed: Mapping[Brain, Brain]) -> list[Family]:
    """The brains by the one that they begin with, as ``fed`` has them, in their order."""
    families: dict[Brain, list[Brain]] = {}
    for brain in brains:
        families.setdefault(stages(brain)[0], []).append(fed[brain])
    return [tuple(family) for family in families.values()]


def _sharing(brains: Sequence[Brain]) -> tuple[Brain, ...]:
    """The brains, those that decode by themselves fed behind their decoders where that spares a second decoding."""
    fed = tuple(brain.on_pixels() for brain in brains)
    decoding = sum(one is not other for one, other in zip(fed, brains, strict=True))
    decodings = decoding + (decoding < len(brains))
    return fed if decodings > 1 else tuple(brains)
