"""From a path to a LocalBrain: locate it, choose an engine, open a session, find its card, bind the two.

``open_path`` is the whole way; the functions below it are its steps, in order. The commands that look at a model on its
way (``inspect``, ``export``, ``verify``, ``bench``) take the steps that they need.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path

import attrs

from runner_core.brain import Brain
from runner_core.cards.card import Card
from runner_core.contracts import Session
from runner_core.errors import EngineError, ForkedError, LabelError, UntrustedError, UsageError
from runner_core.loading.benchmark import rank_engines
from runner_core.loading.candidates import Candidate, find_candidates
from runner_core.loading.draft import CardlessModel, draft_card, make_task
from runner_core.loading.guesses import describe_guesses
from runner_core.loading.label_fit import add_labels
from runner_core.loading.load import has_open_trunk, load_session
from runner_core.loading.local_brain import AnswerFilter, LocalBrain, signature_of
from runner_core.loading.locate import ModelFiles, locate_model
from runner_core.loading.opened import Fetch, ModelReference, Opened, UnopenedBrain
from runner_core.loading.options import AUTO, LoadOptions

log = logging.getLogger("runner")

HEAD_START = 1.1  # a head on its trunk may take so many times the time of the whole network, and shares the trunk


def open_path(path: Path, options: LoadOptions, fetch: Fetch | None = None) -> LocalBrain:
    """The brain of a card, of a folder with one, or of a model file alone.

    ``fetch`` is how another machine gets at the path, if a store has it. Raises UsageError, NotInstalled, EngineError,
    UntrustedError, CardError, LabelError, TaskError.
    """
    return _open_files(locate_model(path), options, fetch)


def open_pickled(model: ModelReference, options: LoadOptions) -> Brain:
    """A brain that another process had open, opened anew. Raises as ``open_path``; UsageError for another model.

    What cannot be opened in a fork says so when it is used: a pool waits for ever for a task that is not unpickled.
    """
    try:
        brain = _open_files(model.locate(), options, model.fetch)
    except ForkedError as error:
        return UnopenedBrain(model, error)
    found = brain.opened.for_other_process()[0] if brain.opened else model
    if found.digest != model.digest:
        brain.close()
        raise UsageError(f"{found.path}: not the model that the brain was opened from", remedy="open it anew")
    return brain


def _open_files(files: ModelFiles, options: LoadOptions, fetch: Fetch | None) -> LocalBrain:
    candidates = choose_candidates(files, options)
    with open_session(candidates, options) as (candidate, session):
        brain = make_brain(files, candidate, session, options)
        brain.opened = brain.opened and attrs.evolve(brain.opened, fetch=fetch)
        log.debug("%s: engine %s, task %s, %s", candidate.path, candidate.engine, brain.family, _describe_card(files))
        _tell_guesses(brain, candidate.path, options)
        return brain


def _describe_card(files: ModelFiles) -> str:
    return "with its card" if files.card else "without a card"


def choose_candidates(files: ModelFiles, options: LoadOptions) -> list[Candidate]:
    """Who is asked to open it, the first choice first.

    Where the person lists engines: these, in that order. Where they leave it to the speed: one whose trunk is computed
    anyway for another brain, then the fastest. Else the best engine for each artifact, in the order of the card.
    Heads come before whole networks.
    """
    if options.engine == AUTO:
        ranked = rank_engines(files, options, open_candidate)
        running = [(_weigh(one, speed.ms, options), one) for one, speed in ranked if speed.ms is not None]
        return [candidate for _, candidate in sorted(running, key=itemgetter(0))] or [ranked[0][0]]
    found = find_candidates(files.of_task(options.task), options.engine)
    if options.engine:
        return found
    best: dict[str, Candidate] = {}
    for candidate in found:
        best.setdefault(candidate.artifact.path, candidate)
    return list(best.values())


def _weigh(candidate: Candidate, ms: float, options: LoadOptions) -> tuple[bool, float]:
    return not has_open_trunk(candidate, options), ms / (HEAD_START if candidate.artifact.trunk else 1)


@contextmanager
def open_session(candidates: Sequence[Candidate], options: LoadOptions) -> Iterator[tuple[Candidate, Session]]:
    """The first candidate whose engine does not refuse the model, and its session, closed if the block raises."""
    for candidate in candidates:
        try:
            session = load_session(candidate, options)
            break
        except UntrustedError:
            raise
        except EngineError as error:
            if candidate is candidates[-1]:
                raise
            log.warning("engine %s: %s; the next one is tried", candidate.engine, error.message)
    try:
        yield candidate, session
    except BaseException:
        session.close()
        raise


def make_brain(files: ModelFiles, candidate: Candidate, session: Session, options: LoadOptions) -> LocalBrain:
    """The session and its card, with what the person says about it, as a brain."""
    card = options.apply_to(find_card(files, candidate, session, options))
    if not card.labels:
        log.info("%s: no label map, so its classes go by their numbers; give one by --labels", candidate.path)
    brain = bind_brain(card, session, candidate, options)
    if card.picture is None and options.picture.given:  # the card leaves the picture to its task
        if brain.picture is None:
            raise UsageError(f"{candidate.path}: task {card.task} has no option {options.picture.given[0]}")
        picture = options.picture.apply_to(brain.picture)
        return brain.rebind(attrs.evolve(card, picture=picture), signature_of(session))
    return brain


def _tell_guesses(brain: LocalBrain, path: Path, options: LoadOptions) -> None:
    """Says what it rests on, or raises UsageError where the person wants no guesses."""
    if not brain.guesses:
        return
    told = describe_guesses(brain.card, path.name)
    if options.strict:
        raise UsageError(f"{path}: {told}", remedy="settle them, or open it without strict")
    log.warning("%s", told, extra={"once": True})


def find_card(files: ModelFiles, candidate: Candidate, session: Session, options: LoadOptions) -> Card:
    """The card that lies with the model, as it stands for this artifact; else one drafted from the model.

    A drafted one has the labels that lie near the model, unless the person gives others, and names the model's file
    without its hash. Raises CardError, LabelError, TaskError.
    """
    if files.card:
        return files.card.for_artifact(candidate.artifact)
    model = CardlessModel.of(session, candidate.path)
    card = draft_card(model, options.task)
    labelled = add_labels(card, model, options)
    if options.labels is None and labelled.labels != card.labels:
        log.info("%s: %s", candidate.path, labelled.notes[-1])
    return attrs.evolve(labelled, artifacts=(candidate.artifact,))


def bind_brain(card: Card, session: Session, candidate: Candidate, options: LoadOptions) -> LocalBrain:
    """The brain by this very card. Raises TaskError, and LabelError naming the brain and the file that was given."""
    wanted = AnswerFilter(None if options.classes is None else tuple(options.classes), options.max_det)
    try:
        return LocalBrain(
            card, make_task(card.task), session, engine=candidate.engine, wanted=wanted, threads=options.threads,
            opened=Opened(candidate, options, open_pickled),
        )  # fmt: skip
    except LabelError as error:
        given = options.labels
        origin = f", labels of {os.fspath(given)}" if isinstance(given, str | os.PathLike) else ""
        raise LabelError(f"brain {card.name}{origin}: {error.message}", remedy=error.remedy) from error


def open_candidate(files: ModelFiles, candidate: Candidate, options: LoadOptions) -> LocalBrain:
    """The brain of one artifact on one engine. Raises as ``open_path`` does."""
    with open_session([candidate], options) as (_, session):
        return make_brain(files, candidate, session, options)
