"""Measuring: which of the engines that open a model is the fastest on this machine."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import perf_counter

import numpy as np
from PIL import Image

from runner_core.errors import EngineError, RunnerError, UntrustedError
from runner_core.frames.frame import Frame
from runner_core.loading import speed_cache as speeds
from runner_core.loading.load import brain_on, load
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import Candidate, ModelFiles, openers
from runner_core.loading.options import LoadOptions
from runner_core.loading.probes import Trial
from runner_core.loading.speed_cache import Speed

WARM_UP, LEAST_RUNS, MOST_RUNS, MILLISECONDS = 2, 3, 30, 600
NEAR, MOST_FINALISTS, TURNS = 1.3, 4, 20  # who is measured once more: up to so many times the best

log = logging.getLogger("runner")


def ranked(
    located: ModelFiles, choices: LoadOptions, *, anew: bool = False, every: bool = True
) -> list[tuple[Candidate, Speed]]:
    """Every installed engine that claims an artifact, the fastest first, those that refuse it last.

    Unless ``every``, the format's own engine alone. What was measured before is not measured again, unless ``anew``;
    what is measured now is remembered, and a warning tells which engines are left out: those that refuse the model, and
    those that answer otherwise than the first that does not. Raises NotInstalled, and UsageError
    for another task than the card's.
    """
    candidates = openers(located.of_task(choices.task))[: None if every else 1]
    if len(candidates) == 1 and not anew:  # nothing to choose
        return [(candidates[0], Speed(None))]
    known = {} if anew else speeds.recall()
    round_ = _Round(located, choices)
    found: list[tuple[Candidate, Speed]] = []
    new: dict[str, Speed] = {}
    for opener in candidates:
        key = speeds.key_of(opener, choices)
        speed, lasting = (known[key], False) if key in known else round_.measured(opener, found)
        found.append((opener, speed))
        if lasting:
            new[key] = speed
    if new:
        found = round_.final(found)
        told = {speeds.key_of(opener, choices): speed for opener, speed in found}
        speeds.remember({key: speed for key, speed in told.items() if key in new or key in known})
    return sorted(found, key=lambda item: float("inf") if item[1].ms is None else item[1].ms)


class _Round:
    """Measures one model's openers; the first that runs says what the others must answer."""

    def __init__(self, located: ModelFiles, choices: LoadOptions) -> None:
        self._located, self._choices = located, choices
        self._first: Trial | None = None

    def measured(self, opener: Candidate, before: Sequence[tuple[Candidate, Speed]]) -> tuple[Speed, bool]:
        """The speed, and whether it will be the same next time: trust may be given, another label map too."""
        try:
            first = self._trial(before)
            with self._brain(opener) as brain:
                fault = first.fault_of(brain) if first else ""
                if fault:
                    raise EngineError(fault)
                self._first = self._first or Trial.of(brain)
                return Speed(_least_ms(brain)), True
        except RunnerError as error:
            log.warning("engine %s is left out: %s", opener.engine, error.message)
            return Speed(None, error.message), isinstance(error, EngineError) and not isinstance(error, UntrustedError)

    def final(self, found: Sequence[tuple[Candidate, Speed]]) -> list[tuple[Candidate, Speed]]:
        """The same, those near the best measured once more, in turns: what else the machine does meets them alike."""
        told = sorted((speed.ms, place) for place, (_, speed) in enumerate(found) if speed.ms is not None)
        near = {place: ms for ms, place in told[:MOST_FINALISTS] if ms <= NEAR * told[0][0]}
        picture = _picture()
        with ExitStack() as stack:
            brains = {place: stack.enter_context(self._brain(found[place][0])) for place in near if len(near) > 1}
            for _ in range(TURNS):
                for place, brain in brains.items():
                    near[place] = min(near[place], round(_ms(brain, picture), 3))
        return [(opener, Speed(near[place]) if place in near else speed) for place, (opener, speed) in enumerate(found)]

    def _trial(self, before: Sequence[tuple[Candidate, Speed]]) -> Trial | None:
        """Of the first that runs; None where none of them does."""
        first = next((opener for opener, speed in before if speed.ms is not None), None)
        if self._first is None and first:  # its speed is known from another day
            with self._brain(first) as brain:
                self._first = Trial.of(brain)
        return self._first

    @contextmanager
    def _brain(self, opener: Candidate) -> Iterator[LocalBrain]:
        session = load(opener, self._choices)
        try:
            yield brain_on(session, self._located, opener, self._choices)
        finally:
            session.close()


def _least_ms(brain: LocalBrain) -> float:
    """The quickest of some runs: what else the machine does only ever adds to it."""
    picture = _picture()
    for _ in range(WARM_UP):
        _ms(brain, picture)
    times: list[float] = []
    while len(times) < LEAST_RUNS or (len(times) < MOST_RUNS and sum(times) < MILLISECONDS):
        times.append(_ms(brain, picture))
    return round(min(times), 3)


def _ms(brain: LocalBrain, picture: bytes) -> float:
    """From its bytes to the answer: decoded anew each time."""
    begun = perf_counter()
    brain.infer(Frame.from_bytes(picture))
    return (perf_counter() - begun) * 1e3


def _picture() -> bytes:
    """A JPEG of 640 x 480 with soft shapes and some noise, the same each time."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize((640, 480))
    noisy = np.asarray(coarse, np.int16) + random.integers(-8, 9, (480, 640, 3))
    stream = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()
