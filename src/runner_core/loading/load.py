"""Loading: one engine, one artifact, and the brain that they make."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from runner_core.cards.card import Card
from runner_core.contracts import Engine, EngineOptions, Session
from runner_core.discovery.registry import get_registry
from runner_core.errors import LabelError
from runner_core.loading import trust
from runner_core.loading.draft import CardlessModel, draft, labelled, task_of
from runner_core.loading.local_brain import LocalBrain, Wanted
from runner_core.loading.locate import Candidate, ModelFiles
from runner_core.loading.options import LoadOptions

log = logging.getLogger("runner")


def load(opener: Candidate, choices: LoadOptions) -> Session:
    """The model in its engine. Raises EngineError, UntrustedError."""
    engine: Engine = get_registry().make("engines", opener.engine)
    if choices.trust:
        trust.remember(opener.path, choices.name or opener.path.name)
    trusted = choices.trust or trust.is_trusted(opener.path)
    options = EngineOptions(
        device=choices.device, threads=choices.threads, trusted=trusted, precision=choices.precision
    )
    return engine.load(opener.path, options)


def brain_on(session: Session, located: ModelFiles, opener: Candidate, choices: LoadOptions) -> LocalBrain:
    """The brain by its card, or by a drafted one. Raises CardError, LabelError, TaskError."""
    card = located.card.for_artifact(opener.artifact) if located.card else _drafted(session, opener.path, choices)
    card = choices.adjust(card)
    if not card.labels:
        log.info("%s: no label map, so its classes go by their numbers; give one by --labels", opener.path)
    return bound(card, session, opener.engine, choices)


def bound(card: Card, session: Session, engine: str, choices: LoadOptions) -> LocalBrain:
    """The brain by this very card. Raises TaskError, and LabelError naming the brain and the file that was given."""
    wanted = Wanted(None if choices.classes is None else tuple(choices.classes), choices.max_det)
    try:
        return LocalBrain(card, task_of(card.task), session, engine=engine, wanted=wanted, threads=choices.threads)
    except LabelError as error:
        given = choices.labels
        told = f", labels of {os.fspath(given)}" if isinstance(given, str | os.PathLike) else ""
        raise LabelError(f"brain {card.name}{told}: {error.message}", remedy=error.remedy) from error


def _drafted(session: Session, model: Path, choices: LoadOptions) -> Card:
    bare = CardlessModel.of(session, model)
    card = draft(bare, choices.task)
    if choices.labels is not None:
        return card
    wanted = labelled(card, bare, choices.first_class)
    if wanted.labels != card.labels:
        log.info("%s: %s", model, wanted.notes[-1])
    return wanted
