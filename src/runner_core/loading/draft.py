"""A card for a model without one, drafted by the task that recognises its tensors."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import attrs

from runner_core import clues, graphs  # what they hold is imported for a model without a card
from runner_core.cards.card import Card
from runner_core.cards.sidecar_metadata import SidecarMetadata, find_sidecar_metadata
from runner_core.contracts import Session, Signature, Task, TensorSpec
from runner_core.discovery.catalog import list_missing
from runner_core.discovery.entry_points import format_reason
from runner_core.discovery.registry import get_registry
from runner_core.errors import TaskError
from runner_core.graphs.ends import find_ends
from runner_core.loading.fixed_batch import FixedBatch
from runner_core.loading.local_brain import signature_of
from runner_core.loading.nearest import describe_nearest
from runner_core.tasks.input_shape import takes_four_channels
from runner_core.tasks.metadata import ASKED, UNDERSTOOD, read_literal

log = logging.getLogger("runner")


@attrs.frozen
class CardlessModel:
    """A loaded model without a card: what it and the files beside it say.

    ``own``        the tensors and metadata of the model itself.
    ``signature``  the same, completed from the files beside it.
    ``notes``      where each piece comes from, a line each.
    """

    path: Path
    own: Signature
    signature: Signature
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, session: Session, path: Path) -> CardlessModel:
        """What the model itself says goes before what lies beside it."""
        signature = signature_of(session)
        graph = graphs.read_graph(path)
        if graph is not None:
            signature = attrs.evolve(signature, ends=find_ends(graph))
        batch = (f"it takes a batch of {session.count}: the same picture",) if isinstance(session, FixedBatch) else ()
        model = cls(path, signature, signature, (*batch, *_note_keys(signature.metadata, "the model itself")))
        for sidecar in find_sidecar_metadata(path):
            model = model.with_sidecar(sidecar)
        found = clues.find_clues(path, model.signature, graph)
        return attrs.evolve(model, signature=attrs.evolve(model.signature, clues=found))

    def with_sidecar(self, sidecar: SidecarMetadata) -> CardlessModel:
        """The same with what a file beside the model adds."""
        own = self.signature.metadata
        new = {key: value for key, value in sidecar.values.items() if key not in own}
        notes = _note_keys(new, f"{sidecar.file.name} beside the model")
        differing = [key for key in sidecar.values if key in own and not _is_same(own, sidecar.values, key)]
        if differing:
            notes += (f"{sidecar.file.name} beside the model has another {', '.join(differing)}: not taken",)
        filled = {
            spec.name: _fill_shape(spec, sidecar.shapes) for spec in (*self.signature.inputs, *self.signature.outputs)
        }
        changed = [name for name, spec in filled.items() if spec != self.signature.tensor(name)]
        if changed:
            notes += (f"{sidecar.file.name} beside the model gives the shape of {', '.join(changed)}",)
        inputs, outputs = (
            tuple(filled[spec.name] for spec in side) for side in (self.signature.inputs, self.signature.outputs)
        )
        signature = attrs.evolve(self.signature, inputs=inputs, outputs=outputs, metadata={**own, **new})
        return attrs.evolve(self, signature=signature, notes=(*self.notes, *notes))


def _is_same(one: Mapping[str, str], other: Mapping[str, str], key: str) -> bool:
    if one[key] == other[key]:
        return True
    value = read_literal(one, key)
    return value is not None and value == read_literal(other, key)


def _note_keys(metadata: Mapping[str, str], origin: str) -> tuple[str, ...]:
    keys = [key for key in UNDERSTOOD if key in metadata]
    return (f"{', '.join(keys)}: from {origin}",) if keys else ()


def _fill_shape(spec: TensorSpec, shapes: Mapping[str, tuple[int | None, ...]]) -> TensorSpec:
    """With the lengths that a file gives for the tensor, except its batch axis, where the model leaves them open."""
    given = shapes.get(spec.name)
    if given is None or spec.shape is None or len(spec.shape) not in (len(given), len(given) + 1):
        return spec
    padded = (None,) * (len(spec.shape) - len(given)) + given
    shape = tuple(own if own is not None else other for own, other in zip(spec.shape, padded, strict=True))
    return attrs.evolve(spec, shape=shape)


def make_task(family: str) -> Task:
    """The task of that name, imported. Raises NotInstalled."""
    task: Task = get_registry().make("tasks", family)
    return task


def draft_card(model: CardlessModel, family: str | None = None) -> Card:
    """A card for a model without one, by the one task that recognises it. Raises TaskError naming the tensors."""
    drafts = draft_cards(model, family)
    if len(drafts) == 1:
        ((name, card),) = drafts.items()
        return attrs.evolve(card, name=model.path.stem or model.path.name, task=name)
    if drafts:
        raise TaskError(f"{model.path}: several tasks recognise it: {', '.join(drafts)}", remedy="choose one by --task")
    raise unrecognised_error(model, family)


def unrecognised_error(model: CardlessModel, family: str | None) -> TaskError:
    """The error for a model that no task recognises."""
    inputs = model.signature.inputs
    tensors = "; ".join(str(spec) for spec in (*inputs, *model.signature.outputs))
    claimed = model.signature.metadata.get("task")
    lie = f"; its metadata say task {claimed!r}, which these tensors are not" if claimed else ""
    tasks = get_registry().all("tasks")
    claims = {name: found.plugin.claims for name, found in tasks.items() if family in (None, name)}
    nearest = (
        describe_nearest(model.signature.outputs, claims) or f"tasks asked: {family or ', '.join(tasks) or 'none'}"
    )
    four = any(map(takes_four_channels, inputs))
    channels = "; its input takes four channels, and a picture has three, or one in grey" if four else ""
    return TaskError(
        f"{model.path}: no task recognises its tensors ({tensors}){lie}{channels}",
        remedy=f"{nearest}; a brain.json can say its roles{_name_missing()}",
    )


def _name_missing() -> str:
    missing = list_missing("tasks", {found.distribution for found in get_registry().all("tasks").values()})
    if not missing:
        return ""
    return f"; not installed: {', '.join(missing)} (`pip install 'runner-core[tasks]'` brings all tasks)"


def draft_cards(model: CardlessModel, family: str | None = None) -> dict[str, Card]:
    """What each installed task drafts, by its name. A warning says which task fails, and the others are asked.

    A task that is asked for by name, as ``family``, raises what it raises.
    """
    names = [family] if family else list(get_registry().all("tasks"))
    asked = {ASKED: family} if family else {}
    signature = attrs.evolve(model.signature, metadata={**model.signature.metadata, **asked})
    drafts = {}
    for name in names:
        try:
            card = make_task(name).recognise(signature)
        except Exception as error:  # whatever a third party's task raises, the others are asked
            if family:
                raise
            _warn_once(model.path, name, format_reason(error))
            continue
        if card is not None:
            drafts[name] = attrs.evolve(card, notes=(*model.notes, *card.notes))
    return drafts


@lru_cache  # once, although it is tried in one engine after the other
def _warn_once(model: Path, task: str, reason: str) -> None:
    log.warning("%s: task %s is skipped: it fails at this model (%s)", model, task, reason)
