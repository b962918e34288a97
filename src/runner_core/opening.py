"""From a file to a Brain: an engine loads it, a task is bound to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner_core import trust
from runner_core.card import Card
from runner_core.choices import Choices
from runner_core.contracts import Engine, EngineOptions, Session
from runner_core.drafting import draft, labelled, task_of
from runner_core.errors import EngineError, UntrustedError
from runner_core.local_brain import LocalBrain, Wanted, signature_of
from runner_core.locating import Located, Opener, locate, openers
from runner_core.registry import registry

log = logging.getLogger("runner")


def open_path(path: Path, choices: Choices) -> LocalBrain:
    """Opens a card, a folder with one, or a bare model. Raises EngineError, CardError, LabelError, TaskError."""
    located = locate(path)
    with loaded(located, choices) as (opener, session):
        card = located.card.for_artifact(opener.artifact) if located.card else _drafted(session, opener.path, choices)
        card = choices.adjust(card)
        wanted = Wanted(None if choices.classes is None else tuple(choices.classes), choices.max_det)
        return LocalBrain(card, task_of(card.task), session, engine=opener.engine, wanted=wanted)


def _drafted(session: Session, model: Path, choices: Choices) -> Card:
    card = draft(session, model, choices.task)
    return card if choices.labels is not None else labelled(card, model, signature_of(session), choices.first_class)


@contextmanager
def loaded(located: Located, choices: Choices) -> Iterator[tuple[Opener, Session]]:
    """Who opened it, and the session, which is closed again if the block raises.

    Where the person lists engines, the next one is tried when one refuses the file; else the best one's word counts.
    """
    candidates = openers(located, choices.engine)
    opener, session = _first(candidates if choices.engine else candidates[:1], choices)
    try:
        yield opener, session
    except BaseException:
        session.close()
        raise


def _first(candidates: list[Opener], choices: Choices) -> tuple[Opener, Session]:
    for opener in candidates[:-1]:
        try:
            return opener, _load(opener, choices)
        except UntrustedError:
            raise
        except EngineError as error:
            log.warning("engine %s: %s; the next one is tried", opener.engine, error.message)
    return candidates[-1], _load(candidates[-1], choices)


def _load(opener: Opener, choices: Choices) -> Session:
    engine: Engine = registry().make("engines", opener.engine)
    if choices.trust:
        trust.remember(opener.path, choices.name or opener.path.name)
    trusted = choices.trust or trust.is_trusted(opener.path)
    return engine.load(opener.path, EngineOptions(device=choices.device, threads=choices.threads, trusted=trusted))
