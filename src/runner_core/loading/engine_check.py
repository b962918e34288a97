"""Engine check: whether an engine that a person chose answers as the one that the model's format belongs to."""

from __future__ import annotations

import logging
from collections.abc import Callable

import attrs

from runner_core.loading.candidates import Candidate, find_own_engine
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import ModelFiles
from runner_core.loading.options import AUTO, LoadOptions
from runner_core.loading.probe_answers import ProbeAnswers
from runner_core.loading.speed_cache import Speed, read_speeds, remember_difference, speed_key

OpenCandidate = Callable[[ModelFiles, Candidate, LoadOptions], LocalBrain]

log = logging.getLogger("runner")


def warn_of_difference(
    brain: LocalBrain, files: ModelFiles, candidate: Candidate, options: LoadOptions, open_candidate: OpenCandidate
) -> None:
    """Warns where the brain answers otherwise than in the engine whose format its artifact has.

    Both are compared on probe images the first time, for which the model is loaded once more; what comes out is
    remembered. Nothing is said where that engine is not installed or cannot run the model, where ``auto`` has compared
    them, and of an artifact that was exported, which is written only if all engines agree on it.
    """
    own = find_own_engine(candidate.artifact)
    if own in (None, candidate.engine) or options.engine == AUTO or _is_exported(files, candidate):
        return
    key = speed_key(candidate, options)
    known = read_speeds().get(key, Speed(None))
    difference = known.difference
    if difference is None and not (options.classes or options.max_det):  # which would hide a part of the answers
        difference = _compare(brain, attrs.evolve(candidate, engine=str(own)), files, options, open_candidate)
        remember_difference(key, difference)
    if difference:
        what = f"{candidate.engine} answers otherwise than {own}, the format's own engine: {difference}"
        remedy = f"use --engine {own}, or export the original for {candidate.engine}"
        log.warning("%s: %s; %s", candidate.path, what, remedy, extra={"once": True})


def _compare(
    brain: LocalBrain, own: Candidate, files: ModelFiles, options: LoadOptions, open_candidate: OpenCandidate
) -> str:
    """How it differs from its answers in its own engine; empty where it does not, or that engine cannot run it."""
    try:
        with open_candidate(files, own, options) as first:
            return ProbeAnswers.of(first).find_difference(brain)
    except Exception as error:  # noqa: BLE001  # whatever the other engine raises, this brain is open
        log.debug("%s: not compared with %s (%s)", own.path, own.engine, error)
        return ""


def _is_exported(files: ModelFiles, candidate: Candidate) -> bool:
    """Whether the card lists it, with its contents, after the artifact that it was exported from."""
    return files.card is not None and candidate.artifact in files.card.artifacts[1:] and bool(candidate.artifact.files)
