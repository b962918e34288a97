"""Which of the engines that open a model is the fastest on this machine."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from time import perf_counter

import numpy as np
from PIL import Image

from runner_core.errors import EngineError, RunnerError, UntrustedError
from runner_core.frames.frame import Frame
from runner_core.loading import speed_cache as speeds
from runner_core.loading.candidates import Candidate, find_candidates
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import ModelFiles
from runner_core.loading.options import LoadOptions
from runner_core.loading.probes import ProbeAnswers
from runner_core.loading.speed_cache import Speed

WARM_UP, LEAST_RUNS, MOST_RUNS, MILLISECONDS = 2, 3, 30, 600
NEAR, MOST_FINALISTS, TURNS = 1.3, 4, 20  # which ones are measured once more: up to this many times the best

OpenCandidate = Callable[[ModelFiles, Candidate, LoadOptions], LocalBrain]

log = logging.getLogger("runner")


def rank_engines(
    files: ModelFiles, options: LoadOptions, open_candidate: OpenCandidate, *, again: bool = False, every: bool = True
) -> list[tuple[Candidate, Speed]]:
    """Every installed engine that claims an artifact, the fastest first, those that refuse it last.

    Unless ``every``, only the format's own engine. What was measured before is not measured again, unless ``again``;
    what is measured now is remembered. A warning says which engines are left out: those that refuse the model, and
    those whose answers differ from those of the first that does not. Raises NotInstalled, and UsageError for another
    task than the card's.
    """
    candidates = find_candidates(files.of_task(options.task))[: None if every else 1]
    if len(candidates) == 1 and not again:  # nothing to choose
        return [(candidates[0], Speed(None))]
    known = {} if again else speeds.read_speeds()
    benchmark = _Benchmark(files, options, open_candidate)
    found: list[tuple[Candidate, Speed]] = []
    new: dict[str, Speed] = {}
    for candidate in candidates:
        key = speeds.speed_key(candidate, options)
        speed, lasting = (known[key], False) if key in known else benchmark.measure(candidate, found)
        found.append((candidate, speed))
        if lasting:
            new[key] = speed
    if new:
        found = benchmark.repeat_finalists(found)
        final = {speeds.speed_key(candidate, options): speed for candidate, speed in found}
        speeds.remember_speeds({key: speed for key, speed in final.items() if key in new or key in known})
    return sorted(found, key=lambda item: float("inf") if item[1].ms is None else item[1].ms)


class _Benchmark:
    """Measures the candidates of one model; the first that runs says what the others must answer."""

    def __init__(self, files: ModelFiles, options: LoadOptions, open_candidate: OpenCandidate) -> None:
        self._files, self._options, self._open_candidate = files, options, open_candidate
        self._first: ProbeAnswers | None = None

    def measure(self, candidate: Candidate, before: Sequence[tuple[Candidate, Speed]]) -> tuple[Speed, bool]:
        """The speed, and whether it holds the next time: a refusal may not, if trust or other labels are given then."""
        try:
            first = self._first_answers(before)
            with self._open(candidate) as brain:
                fault = first.find_difference(brain) if first else ""
                if fault:
                    raise EngineError(fault)
                self._first = self._first or ProbeAnswers.of(brain)
                return Speed(_measure_brain(brain)), True
        except RunnerError as error:
            log.warning("engine %s is left out: %s", candidate.engine, error.message)
            return Speed(None, error.message), isinstance(error, EngineError) and not isinstance(error, UntrustedError)

    def repeat_finalists(self, found: Sequence[tuple[Candidate, Speed]]) -> list[tuple[Candidate, Speed]]:
        """The same, those near the best measured once more, in turns, so that other load meets all alike."""
        times = sorted((speed.ms, place) for place, (_, speed) in enumerate(found) if speed.ms is not None)
        near = {place: ms for ms, place in times[:MOST_FINALISTS] if ms <= NEAR * times[0][0]}
        picture = _make_picture()
        with ExitStack() as stack:
            brains = {place: stack.enter_context(self._open(found[place][0])) for place in near if len(near) > 1}
            for _ in range(TURNS):
                for place, brain in brains.items():
                    near[place] = min(near[place], round(_time_picture(brain, picture), 3))
        return [
            (candidate, Speed(near[place]) if place in near else speed)
            for place, (candidate, speed) in enumerate(found)
        ]

    def _first_answers(self, before: Sequence[tuple[Candidate, Speed]]) -> ProbeAnswers | None:
        """Those of the first that runs; None where none of them does."""
        first = next((candidate for candidate, speed in before if speed.ms is not None), None)
        if self._first is None and first:  # its speed is known from an earlier run
            with self._open(first) as brain:
                self._first = ProbeAnswers.of(brain)
        return self._first

    def _open(self, candidate: Candidate) -> LocalBrain:
        return self._open_candidate(self._files, candidate, self._options)


def _measure_brain(brain: LocalBrain) -> float:
    """The quickest of some runs: other load on the machine can only add to it."""
    picture = _make_picture()
    for _ in range(WARM_UP):
        _time_picture(brain, picture)
    times: list[float] = []
    while len(times) < LEAST_RUNS or (len(times) < MOST_RUNS and sum(times) < MILLISECONDS):
        times.append(_time_picture(brain, picture))
    return round(min(times), 3)


def _time_picture(brain: LocalBrain, picture: bytes) -> float:
    """Milliseconds from the bytes to the answer, decoding included."""
    begun = perf_counter()
    brain.infer(Frame.from_bytes(picture))
    return (perf_counter() - begun) * 1e3


def _make_picture() -> bytes:
    """A JPEG of 640 x 480 with soft shapes and some noise, the same each time."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize((640, 480))
    noisy = np.asarray(coarse, np.int16) + random.integers(-8, 9, (480, 640, 3))
    stream = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()
