"""Signature: a model as its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from numpy.typing import NDArray

from runner_core.cards.clue import Clue

Tensors = Mapping[str, NDArray[Any]]


@attrs.frozen
class TensorSpec:
    """A tensor of a model.

    ``name``   as the model has it.
    ``shape``  None is any length; None as a whole is any rank.
    ``dtype``  numpy's name, or ``"string"`` for bytes.
    """

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str

    def __str__(self) -> str:
        shape = "?" if self.shape is None else " x ".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.name}: {self.dtype} [{shape}]"


@attrs.frozen
class Signature:
    """What a task sees of a model: its tensors, the metadata in its file or beside it, clues to its input."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str] = attrs.field(factory=dict)
    clues: tuple[Clue, ...] = ()
    ends: Mapping[str, str] = attrs.field(factory=dict)  # output -> what makes it: see runner_core.graphs.ends

    def tensor(self, name: str) -> TensorSpec | None:
        """The input or output of that name; None where there is none."""
        return next((spec for spec in (*self.inputs, *self.outputs) if spec.name == name), None)


@attrs.frozen
class DecodedInput:
    """An input of encoded bytes, and the tensor inside the graph that holds its decoded picture.

    ``tensor``  uint8 RGB, H x W x 3 or 1 x H x W x 3. Every path to an output leads through it, so it may be fed.
    ``stretch_size``  (width, height) that the model stretches it to first; None where it uses the picture otherwise.
    """

    tensor: TensorSpec
    stretch_size: tuple[int, int] | None = None
