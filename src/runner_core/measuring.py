"""Measuring: which of the engines that open a model is the fastest on this machine."""

from __future__ import annotations

import io
import logging
from time import perf_counter

import numpy as np
from PIL import Image

from runner_core import speeds
from runner_core.choices import Choices
from runner_core.errors import EngineError, RunnerError, UntrustedError
from runner_core.frame import Frame
from runner_core.loading import brain_on, load
from runner_core.local_brain import LocalBrain
from runner_core.locating import Located, Opener, openers
from runner_core.speeds import Speed

WARM_UP, LEAST_RUNS, MOST_RUNS, SECONDS = 2, 3, 30, 0.6

log = logging.getLogger("runner")


def ranked(located: Located, choices: Choices, *, anew: bool = False, every: bool = True) -> list[tuple[Opener, Speed]]:
    """Every installed engine that claims an artifact, the fastest first, those that refuse it last.

    Unless ``every``, the format's own engine alone. What was measured before is not measured again, unless ``anew``;
    what is measured now is remembered, and a warning tells which engines are left out. Raises NotInstalled.
    """
    candidates = openers(located) if every else openers(located)[:1]
    if len(candidates) == 1 and not anew:  # nothing to choose
        return [(candidates[0], Speed(None))]
    known = {} if anew else speeds.recall()
    found: list[tuple[Opener, Speed]] = []
    new: dict[str, Speed] = {}
    for opener in candidates:
        key = speeds.key_of(opener, choices)
        speed, lasting = (known[key], False) if key in known else _measured(located, opener, choices)
        found.append((opener, speed))
        if lasting:
            new[key] = speed
    if new:
        speeds.remember(new)
    return sorted(found, key=lambda item: float("inf") if item[1].ms is None else item[1].ms)


def _measured(located: Located, opener: Opener, choices: Choices) -> tuple[Speed, bool]:
    """The speed, and whether it will be the same next time: trust may be given, another label map too."""
    try:
        session = load(opener, choices)
        try:
            return Speed(_least_ms(brain_on(session, located, opener, choices))), True
        finally:
            session.close()
    except RunnerError as error:
        log.warning("engine %s is left out: %s", opener.engine, error.message)
        return Speed(None, error.message), isinstance(error, EngineError) and not isinstance(error, UntrustedError)


def _least_ms(brain: LocalBrain) -> float:
    """The quickest of some runs: what else the machine does only ever adds to it. Each decodes its picture anew."""
    picture = _picture()
    for _ in range(WARM_UP):
        brain.infer(Frame.from_bytes(picture))
    times: list[float] = []
    while len(times) < LEAST_RUNS or (len(times) < MOST_RUNS and sum(times) < SECONDS):
        begun = perf_counter()
        brain.infer(Frame.from_bytes(picture))
        times.append(perf_counter() - begun)
    return round(min(times) * 1e3, 3)


def _picture() -> bytes:
    """A JPEG of 640 x 480 with soft shapes and some noise, the same each time."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize((640, 480))
    noisy = np.asarray(coarse, np.int16) + random.integers(-8, 9, (480, 640, 3))
    stream = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()
