"""FrameExecutor: the brains of a run, and their answers for one frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from threading import Lock
from traceback import format_exception

from runner_core.brain import Brain, Cascade, list_stages
from runner_core.errors import EngineError, ForkedError, ImageError, RunnerError, UsageError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.pipeline.failures import LEFT_OUT, PATIENCE
from runner_core.results.inference import Inference
from runner_core.results.result import Failure, Result
from runner_core.util.tracebacks import wants_tracebacks

log = logging.getLogger("runner")

Group = tuple[Brain, ...]  # a brain, and all that look into what it finds, each after the one it needs
Answers = list[Inference | Failure]

# Runs a function on every group, one after the other or side by side, and gives the answers in order.
MapGroups = Callable[[Callable[[Group], Answers], Sequence[Group]], Iterable[Answers]]


class FrameExecutor:
    """Runs every brain of a run on a frame. ``run_frame`` may be called from several threads.

    A cascade is run brain by brain, and a brain that several cascades begin with runs once; each has its own answer.
    A brain that fails costs that answer, and those of the brains that would look into it; one that fails ``PATIENCE``
    times in a row is left out from then on.
    ``exact`` gives each brain what it asks for, decoded in full. Otherwise a picture is decoded only as large as the
    brains need, if all of them say how large, and graphs that decode by themselves share one decoding.
    """

    def __init__(self, brains: Sequence[Brain], *, exact: bool = True) -> None:
        """Raises UsageError if two brains have one name."""
        every = tuple(dict.fromkeys(stage for brain in brains for stage in list_stages(brain)))
        names = [brain.name for brain in (*brains, *(brain for brain in every if brain not in brains))]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            remedy = "open one with another name; on the command line BRAIN?name=OTHER"
            raise UsageError(f"two brains are named {', '.join(twice)}", remedy=remedy)
        self.brains = every if exact else _share_decoding(every)
        self._groups = _group_by_first(every, dict(zip(every, self.brains, strict=True)))
        self._failed = dict.fromkeys(names, 0)  # failures in a row
        self._lock = Lock()
        self._exact = exact
        self._traces = wants_tracebacks()  # asked here: a thread of the pool does not know what its starter wants

    @property
    def specs(self) -> dict[str, PictureSpec | None]:
        """What each brain asks of a frame, by the brain's name; None for a brain that does not say."""
        return {brain.name: brain.picture for brain in self.brains}

    def run_frame(self, frame: Frame, map_groups: MapGroups = map) -> Result:
        """The answers of all brains. A picture that cannot be read is one failure, not one for each brain."""
        if not self._exact:
            frame.expect(self._known_specs())
        try:
            _ = frame.size
            answers = map_groups(lambda group: self._run_group(group, frame), self._groups)
            return Result(frame, tuple(chain.from_iterable(answers)))
        except ImageError as error:
            return Result(frame, error=Failure.from_error(error))

    def _known_specs(self) -> list[PictureSpec]:
        """What the brains ask of a frame; nothing if one of them does not say."""
        specs = list(self.specs.values())
        return [] if None in specs else [spec for spec in specs if spec]

    def _run_group(self, group: Group, frame: Frame) -> Answers:
        answers: dict[str, Inference | Failure] = {}
        for brain in group:
            before = answers[brain.first.name] if isinstance(brain, Cascade) else None
            answers[brain.name] = self._run_brain(brain, frame, before)
        return list(answers.values())

    def _run_brain(self, brain: Brain, frame: Frame, before: Inference | Failure | None) -> Inference | Failure:
        if isinstance(before, Failure):
            return Failure(before.kind, f"{before.brain}, whose answer it looks into, failed", brain.name)
        if self._failed[brain.name] >= PATIENCE:
            return Failure("EngineError", LEFT_OUT, brain.name)
        try:
            if isinstance(brain, Cascade) and before is not None:
                inference = brain.look_into(frame, before)
            else:
                inference = brain.infer(frame)
        except (ImageError, ForkedError):
            raise
        except Exception as error:  # noqa: BLE001  # whatever a plugin raises costs this one answer
            if isinstance(error, EngineError):
                _ = frame.pixels  # raises for a damaged picture, which a graph that decodes by itself cannot report
            self._count_failure(brain, error)
            return Failure.from_error(error, brain=brain.name)
        self._failed[brain.name] = 0
        return inference

    def _count_failure(self, brain: Brain, error: Exception) -> None:
        with self._lock:
            self._failed[brain.name] += 1
            if self._failed[brain.name] == PATIENCE:
                reason = Failure.from_error(error).message
                log.warning("brain %s is left out: %d failures in a row (%s)", brain.name, PATIENCE, reason)
            first = self._failed[brain.name] == 1
        if first and self._traces and not isinstance(error, RunnerError):  # whose fault it is, with file and line
            log.warning("brain %s, task %s:\n%s", brain.name, brain.family, "".join(format_exception(error)).rstrip())


def _share_decoding(brains: Sequence[Brain]) -> tuple[Brain, ...]:
    """The brains; those that decode by themselves are fed pixels instead if that saves a second decoding."""
    fed = tuple(brain.on_pixels() for brain in brains)
    decoding = sum(one is not other for one, other in zip(fed, brains, strict=True))
    decodings = decoding + (decoding < len(brains))
    return fed if decodings > 1 else tuple(brains)


def _group_by_first(brains: Sequence[Brain], fed: Mapping[Brain, Brain]) -> list[Group]:
    """The brains, in their order, grouped by the brain that they begin with; each as ``fed`` has it."""
    groups: dict[Brain, list[Brain]] = {}
    for brain in brains:
        groups.setdefault(list_stages(brain)[0], []).append(fed[brain])
    return [tuple(group) for group in groups.values()]
