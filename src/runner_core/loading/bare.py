"""Bare: a model without a card, with all that it and the files beside it tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from runner_core.cards.sidecar_metadata import Told, metadata_beside
from runner_core.contracts import Session, Signature, TensorSpec
from runner_core.loading.local_brain import signature_of
from runner_core.tasks.metadata import UNDERSTOOD, literal


@attrs.frozen
class Bare:
    """A loaded model without a card: its tensors and metadata, its own and from beside it.

    ``signature``  with all that is told; ``own`` what the model itself says.
    ``notes``      which told what, line by line.
    """

    path: Path
    own: Signature
    signature: Signature
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, session: Session, path: Path) -> Bare:
        """What the model itself tells goes before what lies beside it."""
        signature = signature_of(session)
        bare = cls(path, signature, signature, _told(signature.metadata, "the model itself"))
        for told in metadata_beside(path):
            bare = bare.with_told(told)
        return bare

    def with_told(self, told: Told) -> Bare:
        """The same with what a file beside the model adds."""
        own = self.signature.metadata
        new = {key: value for key, value in told.values.items() if key not in own}
        notes = _told(new, f"{told.file.name} beside the model")
        differing = [key for key in told.values if key in own and not _same(own, told.values, key)]
        if differing:
            notes += (f"{told.file.name} beside the model has another {', '.join(differing)}: not taken",)
        filled = {spec.name: _filled(spec, told.shapes) for spec in (*self.signature.inputs, *self.signature.outputs)}
        changed = [name for name, spec in filled.items() if spec != self.signature.tensor(name)]
        if changed:
            notes += (f"{told.file.name} beside the model gives the shape of {', '.join(changed)}",)
        inputs, outputs = (
            tuple(filled[spec.name] for spec in side) for side in (self.signature.inputs, self.signature.outputs)
        )
        return attrs.evolve(self, signature=Signature(inputs, outputs, {**own, **new}), notes=(*self.notes, *notes))


def _same(one: Mapping[str, str], other: Mapping[str, str], key: str) -> bool:
    return one[key] == other[key] or (literal(one, key) is not None and literal(one, key) == literal(other, key))


def _told(metadata: Mapping[str, str], who: str) -> tuple[str, ...]:
    keys = [key for key in UNDERSTOOD if key in metadata]
    return (f"{', '.join(keys)}: told by {who}",) if keys else ()


def _filled(spec: TensorSpec, shapes: Mapping[str, tuple[int | None, ...]]) -> TensorSpec:
    """With the lengths that a file gives the tensor, batch axis apart, where the model leaves them open."""
    given = shapes.get(spec.name)
    if given is None or spec.shape is None or len(spec.shape) not in (len(given), len(given) + 1):
        return spec
    padded = (None,) * (len(spec.shape) - len(given)) + given
    shape = tuple(own if own is not None else other for own, other in zip(spec.shape, padded, strict=True))
    return attrs.evolve(spec, shape=shape)
