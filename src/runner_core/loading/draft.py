"""Drafting: a card for a bare model, by the task that recognises its tensors."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import attrs

from runner_core.cards.card import Card
from runner_core.cards.sidecar_labels import labels_beside
from runner_core.cards.sidecar_metadata import Told, metadata_beside
from runner_core.contracts import Session, Signature, Task, TensorSpec
from runner_core.discovery.entry_points import format_reason
from runner_core.discovery.registry import get_registry
from runner_core.errors import LabelError, TaskError
from runner_core.loading.local_brain import signature_of
from runner_core.tasks.label_check import drop_settled_guesses
from runner_core.tasks.metadata import UNDERSTOOD, read_literal


@attrs.frozen
class CardlessModel:
    """A loaded model without a card: its tensors and metadata, its own and from beside it.

    ``signature``  with all that is told; ``own`` what the model itself says.
    ``notes``      which told what, line by line.
    """

    path: Path
    own: Signature
    signature: Signature
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, session: Session, path: Path) -> CardlessModel:
        """What the model itself tells goes before what lies beside it."""
        signature = signature_of(session)
        bare = cls(path, signature, signature, _note_keys(signature.metadata, "the model itself"))
        for told in metadata_beside(path):
            bare = bare.with_told(told)
        return bare

    def with_told(self, told: Told) -> CardlessModel:
        """The same with what a file beside the model adds."""
        own = self.signature.metadata
        new = {key: value for key, value in told.values.items() if key not in own}
        notes = _note_keys(new, f"{told.file.name} beside the model")
        differing = [key for key in told.values if key in own and not _is_same(own, told.values, key)]
        if differing:
            notes += (f"{told.file.name} beside the model has another {', '.join(differing)}: not taken",)
        filled = {
            spec.name: _fill_shape(spec, told.shapes) for spec in (*self.signature.inputs, *self.signature.outputs)
        }
        changed = [name for name, spec in filled.items() if spec != self.signature.tensor(name)]
        if changed:
            notes += (f"{told.file.name} beside the model gives the shape of {', '.join(changed)}",)
        inputs, outputs = (
            tuple(filled[spec.name] for spec in side) for side in (self.signature.inputs, self.signature.outputs)
        )
        return attrs.evolve(self, signature=Signature(inputs, outputs, {**own, **new}), notes=(*self.notes, *notes))


def _is_same(one: Mapping[str, str], other: Mapping[str, str], key: str) -> bool:
    if one[key] == other[key]:
        return True
    value = read_literal(one, key)
    return value is not None and value == read_literal(other, key)


def _note_keys(metadata: Mapping[str, str], who: str) -> tuple[str, ...]:
    keys = [key for key in UNDERSTOOD if key in metadata]
    return (f"{', '.join(keys)}: told by {who}",) if keys else ()


def _fill_shape(spec: TensorSpec, shapes: Mapping[str, tuple[int | None, ...]]) -> TensorSpec:
    """With the lengths that a file gives the tensor, batch axis apart, where the model leaves them open."""
    given = shapes.get(spec.name)
    if given is None or spec.shape is None or len(spec.shape) not in (len(given), len(given) + 1):
        return spec
    padded = (None,) * (len(spec.shape) - len(given)) + given
    shape = tuple(own if own is not None else other for own, other in zip(spec.shape, padded, strict=True))
    return attrs.evolve(spec, shape=shape)


log = logging.getLogger("runner")


def make_task(family: str) -> Task:
    """The task of that name, imported. Raises NotInstalled."""
    task: Task = get_registry().make("tasks", family)
    return task


def draft_card(bare: CardlessModel, family: str | None = None) -> Card:
    """A card for a bare model, by the one task that recognises it. Raises TaskError naming the tensors."""
    drafts = draft_cards(bare, family)
    if len(drafts) == 1:
        ((name, card),) = drafts.items()
        return attrs.evolve(card, name=bare.path.stem or bare.path.name, task=name)
    if drafts:
        raise TaskError(f"{bare.path}: several tasks recognise it: {', '.join(drafts)}", remedy="choose one by --task")
    raise unrecognised_error(bare, family)


def unrecognised_error(bare: CardlessModel, family: str | None) -> TaskError:
    """The error for a model that no task recognises."""
    tensors = "; ".join(str(spec) for spec in (*bare.signature.inputs, *bare.signature.outputs))
    told = bare.signature.metadata.get("task")
    lie = f"; its metadata say task {told!r}, which these tensors are not" if told else ""
    asked = family or ", ".join(get_registry().all("tasks")) or "none installed"
    return TaskError(
        f"{bare.path}: no task recognises its tensors ({tensors}){lie}",
        remedy=f"tasks asked: {asked}; a brain.json can say its roles",
    )


def draft_cards(bare: CardlessModel, family: str | None = None) -> dict[str, Card]:
    """What each installed task drafts; one that fails to load or to look is told of, and passed over.

    Asked for by name, as ``family``, it raises what it raises.
    """
    names = [family] if family else list(get_registry().all("tasks"))
    drafts = {}
    for name in names:
        try:
            card = make_task(name).recognise(bare.signature)
        except Exception as error:  # whatever a stranger's task raises, the others are asked
            if family:
                raise
            _warn_once(bare.path, name, format_reason(error))
            continue
        if card is not None:
            drafts[name] = attrs.evolve(card, notes=(*bare.notes, *card.notes))
    return drafts


@lru_cache  # once, though it be tried in one engine after the other
def _warn_once(model: Path, task: str, reason: str) -> None:
    log.warning("%s: task %s is passed over, for it fails at this model (%s)", model, task, reason)


def add_sidecar_labels(card: Card, bare: CardlessModel, first: int | None = None) -> Card:
    """The drafted card; with the labels that lie beside the model, where it has none and they are this model's.

    ``first`` is the number of a list's first name; None leaves it to the card. Raises LabelError for a label file that
    cannot be read.
    """
    found = None if card.labels else labels_beside(bare.path, first=card.first if first is None else first)
    if found is None:
        return card
    wanted = drop_settled_guesses(attrs.evolve(card, labels=found.labels), numbered=found.numbered)
    wanted = attrs.evolve(wanted, notes=(*wanted.notes, found.note))
    try:
        make_task(card.task).bind(wanted, bare.signature)
    except TaskError:  # for another reason, which is heard when the brain is opened
        return wanted
    except LabelError as error:
        note = f"{found.note}: left out, {error.message}"
        log.warning("%s: %s", bare.path, note)
        return attrs.evolve(card, notes=(*card.notes, note))
    return wanted
