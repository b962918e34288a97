"""From a file to a Brain: an engine loads it, a task is bound to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner_core.contracts import Session
from runner_core.errors import EngineError, UntrustedError
from runner_core.loading.benchmark import ranked
from runner_core.loading.load import brain_on, load
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import Candidate, ModelFiles, locate, openers
from runner_core.loading.options import AUTO, LoadOptions

log = logging.getLogger("runner")


def open_path(path: Path, choices: LoadOptions) -> LocalBrain:
    """Opens a card, a folder with one, or a bare model. Raises EngineError, CardError, LabelError, TaskError."""
    located = locate(path)
    with loaded(located, choices) as (opener, session):
        return brain_on(session, located, opener, choices)


@contextmanager
def loaded(located: ModelFiles, choices: LoadOptions) -> Iterator[tuple[Candidate, Session]]:
    """Who opened it, and the session, which is closed again if the block raises.

    Where the person lists engines, the next one is tried when one refuses the file; where they leave it to the speed,
    the next fastest; else the best one for each artifact, in the order of the card.
    """
    opener, session = _first(_candidates(located, choices), choices)
    try:
        yield opener, session
    except BaseException:
        session.close()
        raise


def _candidates(located: ModelFiles, choices: LoadOptions) -> list[Candidate]:
    if choices.engine == AUTO:
        measured = ranked(located, choices)
        return [opener for opener, speed in measured if speed.ms is not None] or [measured[0][0]]
    found = openers(located.of_task(choices.task), choices.engine)
    return found if choices.engine else _best_ones(found)


def _best_ones(found: list[Candidate]) -> list[Candidate]:
    """The first of each artifact."""
    best: dict[str, Candidate] = {}
    for opener in found:
        best.setdefault(opener.artifact.path, opener)
    return list(best.values())


def _first(candidates: list[Candidate], choices: LoadOptions) -> tuple[Candidate, Session]:
    for opener in candidates[:-1]:
        try:
            return opener, load(opener, choices)
        except UntrustedError:
            raise
        except EngineError as error:
            log.warning("engine %s: %s; the next one is tried", opener.engine, error.message)
    return candidates[-1], load(candidates[-1], choices)
