"""Label fit: a drafted card takes labels that fit its model's classes, those of a file near the model among them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

import attrs

from runner_core.cards.card import Card
from runner_core.cards.guess import Guess
from runner_core.cards.label_files import ParsedLabels
from runner_core.cards.label_search import search_labels
from runner_core.cards.labels import LabelMap
from runner_core.cards.sidecar_labels import SidecarLabels
from runner_core.contracts import Signature
from runner_core.errors import LabelError, TaskError
from runner_core.loading.draft import CardlessModel, make_task
from runner_core.loading.options import LoadOptions, parse_given_labels
from runner_core.tasks.label_check import drop_settled_guesses

log = logging.getLogger("runner")

_NO_MODELS = LabelMap.from_names(["none"], first=2**31)  # labels that fit no model


def add_labels(card: Card, model: CardlessModel, options: LoadOptions) -> Card:
    """The drafted card with the labels that the person gives, or else that lie near the model, if they fit.

    Raises LabelError for a file that cannot be read.
    """
    if options.labels is None:
        return card if card.labels else _add_sidecar_labels(card, model, options.first_class)
    given = parse_given_labels(options.labels)
    with suppress(LabelError):  # which is raised when the brain is bound to them
        return fit_labels(card, model.signature, given, options.first_class) if given.labels else card
    return card


def _add_sidecar_labels(card: Card, model: CardlessModel, first: int | None) -> Card:
    """The card with the labels that lie near the model; its notes say from where.

    Where several files fit and differ, or the one that fits may be another model's, none is taken, which is told.
    """
    counted = is_counted(card, model.signature)
    for group in search_labels(model.path):
        fitting = []
        for file in group.files if counted else group.untested:
            try:
                fitting.append((file, fit_labels(card, model.signature, file.parsed, first)))
            except LabelError as error:
                card = _warn(card, model, f"{file}: left out, {error.message}") if group.is_usual else card
        if fitting:
            return _choose(card, model, fitting, is_ours=group.is_ours)
    return card


def _choose(card: Card, model: CardlessModel, fitting: Sequence[tuple[SidecarLabels, Card]], *, is_ours: bool) -> Card:
    """The card with the labels that all of these have, else the same card with a note that lists them.

    Those that name all classes go before those with one name too few.
    """
    most = max(len(labelled.labels) for _, labelled in fitting)
    fitting = [(file, labelled) for file, labelled in fitting if len(labelled.labels) == most]
    file, labelled = fitting[0]
    names = ", ".join(each.file.name for each, _ in fitting)
    if any(other.labels != labelled.labels for _, other in fitting):
        return _warn(card, model, f"labels: {names} {file.where} fit and differ, so none is taken; choose by --labels")
    if not is_ours:
        note = f"labels: {names} {file.where} may be another model's and is not taken; choose it by --labels"
        return _warn(card, model, note)
    told = () if file.is_told else (Guess("labels", f"{file.file.name} {file.where} has its labels", ("labels",)),)
    return attrs.evolve(labelled, notes=(*card.notes, str(file)), guesses=(*labelled.guesses, *told))


def _warn(card: Card, model: CardlessModel, note: str) -> Card:
    log.warning("%s: %s", model.path, note, extra={"once": True})
    return attrs.evolve(card, notes=(*card.notes, note))


def fit_labels(card: Card, model: Signature, parsed: ParsedLabels, first: int | None = None) -> Card:
    """The drafted card with these labels, and without the guesses that they settle.

    ``first`` is the number of a list's first name; None: the card's, else the one at which the list fits the model: 0,
    or 1 for a list that has one name too few, because class 0 is the background then. Raises LabelError for labels that
    do not fit.
    """
    counted = is_counted(card, model)
    usual, is_open = (card.first_number, counted and not parsed.is_numbered) if first is None else (first, False)
    refusals = []
    for number in dict.fromkeys((usual, 0, 1) if is_open else (usual,)):
        fitted = _set_labels(card, parsed, number, counted=counted)
        try:
            make_task(card.task).bind(fitted, model)
        except LabelError as error:
            refusals.append(error)
            continue
        except TaskError:  # for another reason, which is reported when the brain is opened
            pass
        return drop_settled_guesses(fitted, numbered=counted or parsed.is_numbered or first is not None)
    raise refusals[0]


def is_counted(card: Card, model: Signature) -> bool:
    """Whether its task knows how many classes the model has, so that it refuses labels for another number."""
    try:
        make_task(card.task).bind(attrs.evolve(card, labels=_NO_MODELS), model)
    except LabelError:
        return True
    except TaskError:
        return False
    return False


def _set_labels(card: Card, parsed: ParsedLabels, first: int, *, counted: bool) -> Card:
    """The card with the labels. Its background is what they call so; class 0 only where it alone has no name."""
    labels = parsed.to_map(first)
    options = dict(card.options)
    drafted = options.get("background") == 0
    if labels.background and drafted:
        options["background"] = min(labels.background)
    elif drafted and 0 in labels.model_id_to_file_id:
        del options["background"]
    elif counted and card.first_number == 0 and min(labels.model_id_to_file_id) == 1:
        options["background"] = 0
    first_class = card.first_class if parsed.is_numbered or first == card.first_number else first
    return attrs.evolve(card, labels=labels, options=options, first_class=first_class)
