"""Drafting: a card for a bare model, by the task that recognises its tensors."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

import attrs

from runner_core.cards.card import Card
from runner_core.cards.sidecar_labels import labels_beside
from runner_core.contracts import Task
from runner_core.discovery.entry_points import reason_of
from runner_core.discovery.registry import registry
from runner_core.errors import LabelError, TaskError
from runner_core.loading.bare import Bare
from runner_core.tasks.label_check import settled

log = logging.getLogger("runner")


def task_of(family: str) -> Task:
    """The task of that name, imported. Raises NotInstalled."""
    task: Task = registry().make("tasks", family)
    return task


def draft(bare: Bare, family: str | None = None) -> Card:
    """A card for a bare model, by the one task that recognises it. Raises TaskError naming the tensors."""
    drafts = drafts_of(bare, family)
    if len(drafts) == 1:
        ((name, card),) = drafts.items()
        return attrs.evolve(card, name=bare.path.stem or bare.path.name, task=name)
    if drafts:
        raise TaskError(f"{bare.path}: several tasks recognise it: {', '.join(drafts)}", remedy="choose one by --task")
    raise nobody(bare, family)


def nobody(bare: Bare, family: str | None) -> TaskError:
    """The error for a model that no task recognises."""
    tensors = "; ".join(str(spec) for spec in (*bare.signature.inputs, *bare.signature.outputs))
    told = bare.signature.metadata.get("task")
    lie = f"; its metadata say task {told!r}, which these tensors are not" if told else ""
    asked = family or ", ".join(registry().all("tasks")) or "none installed"
    return TaskError(
        f"{bare.path}: no task recognises its tensors ({tensors}){lie}",
        remedy=f"tasks asked: {asked}; a brain.json can say its roles",
    )


def drafts_of(bare: Bare, family: str | None = None) -> dict[str, Card]:
    """What each installed task drafts; one that fails to load or to look is told of, and passed over.

    Asked for by name, as ``family``, it raises what it raises.
    """
    names = [family] if family else list(registry().all("tasks"))
    drafts = {}
    for name in names:
        try:
            card = task_of(name).recognise(bare.signature)
        except Exception as error:  # whatever a stranger's task raises, the others are asked
            if family:
                raise
            _tell(bare.path, name, reason_of(error))
            continue
        if card is not None:
            drafts[name] = attrs.evolve(card, notes=(*bare.notes, *card.notes))
    return drafts


@lru_cache  # once, though it be tried in one engine after the other
def _tell(model: Path, task: str, reason: str) -> None:
    log.warning("%s: task %s is passed over, for it fails at this model (%s)", model, task, reason)


def labelled(card: Card, bare: Bare, first: int | None = None) -> Card:
    """The drafted card; with the labels that lie beside the model, where it has none and they are this model's.

    ``first`` is the number of a list's first name; None leaves it to the card. Raises LabelError for a label file that
    cannot be read.
    """
    found = None if card.labels else labels_beside(bare.path, first=card.first if first is None else first)
    if found is None:
        return card
    wanted = settled(attrs.evolve(card, labels=found.labels), numbered=found.numbered)
    wanted = attrs.evolve(wanted, notes=(*wanted.notes, found.note))
    try:
        task_of(card.task).bind(wanted, bare.signature)
    except TaskError:  # for another reason, which is heard when the brain is opened
        return wanted
    except LabelError as error:
        note = f"{found.note}: left out, {error.message}"
        log.warning("%s: %s", bare.path, note)
        return attrs.evolve(card, notes=(*card.notes, note))
    return wanted
