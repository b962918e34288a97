"""Finding a model's tensors by the names that exporters give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner_core.contracts import TensorSpec
from runner_core.tasks.roles import fits


def bare(name: str) -> str:
    """The name without what exporters put around it: ``import/serving_default_inputs:0`` is ``inputs``."""
    return name.partition(":")[0].rpartition("/")[2].removeprefix("serving_default_")


def find(specs: Iterable[TensorSpec], *names: str) -> TensorSpec | None:
    """The tensor with the first of these bare names that any has; of several the one with the shortest full name."""
    by_length = sorted(specs, key=lambda spec: len(spec.name))
    return next((spec for name in names for spec in by_length if bare(spec.name) == name), None)


def find_all(specs: Sequence[TensorSpec], names: dict[str, str]) -> dict[str, TensorSpec]:
    """Role -> tensor, for those of ``names`` (role -> bare name) that the model has."""
    found = {role: find(specs, name) for role, name in names.items()}
    return {role: spec for role, spec in found.items() if spec is not None}


def find_pair(outputs: Sequence[TensorSpec], *pairs: tuple[str, str]) -> tuple[TensorSpec, TensorSpec] | None:
    """Boxes N x 4 and what goes with them, N x C, by the first of these pairs of names that a model has so."""
    for boxes_name, other_name in pairs:
        boxes, other = find(outputs, boxes_name), find(outputs, other_name)
        if boxes and other and fits(boxes, (1, None, 4)) and fits(other, (1, None, None)):
            return boxes, other
    return None
