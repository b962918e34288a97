"""TensorIO: where a codec's real numbers and the numbers that a model stores meet.

An engine gives a TensorIO the tensors as its runtime has them, and declares the inputs and outputs that the TensorIO
gives. Feeds are checked against the model here, in the same words for all engines; quantisation and half precision
end here (docs/adr/0004-quantisation.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import Tensors, TensorSpec
from runner_core.errors import EngineError


@attrs.frozen
class Quantisation:
    """Integers that stand for real numbers: ``real = (stored - zero) * scale``, with one scale for the tensor."""

    scale: float
    zero: int = 0

    def dequantise(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """The float32 numbers that the stored integers stand for."""
        values = stored.astype(np.float32)
        values -= np.float32(self.zero)
        values *= np.float32(self.scale)
        return values

    def quantise(self, real: NDArray[Any], dtype: str) -> NDArray[Any]:
        """The nearest integers of ``dtype``; what is out of its range becomes its least or greatest."""
        values = real * np.float32(1 / self.scale)
        values += np.float32(self.zero)
        limits = np.iinfo(dtype)
        return np.clip(np.rint(values, out=values), limits.min, limits.max, out=values).astype(dtype)


def _drop_identities(found: Mapping[str, Quantisation]) -> dict[str, Quantisation]:
    return {name: each for name, each in found.items() if each.scale > 0 and each != Quantisation(1.0)}


@attrs.frozen
class TensorIO:
    """The tensors of one loaded model.

    ``path``       the model's file, for messages.
    ``stored_inputs``, ``stored_outputs``  the tensors as the runtime has them.
    ``quantised``  of the quantised ones, by name; a scale of 0, or of 1 with a zero of 0, counts as none.
    """

    path: Path
    stored_inputs: tuple[TensorSpec, ...]
    stored_outputs: tuple[TensorSpec, ...]
    quantised: Mapping[str, Quantisation] = attrs.field(factory=dict, converter=_drop_identities)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs as a codec sees them. A quantised uint8 one stays uint8: it takes a picture's pixels."""
        return tuple(spec if spec.dtype == "uint8" else self._real_spec(spec) for spec in self.stored_inputs)

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs as a codec sees them."""
        return tuple(self._real_spec(spec) for spec in self.stored_outputs)

    @property
    def metadata(self) -> dict[str, str]:
        """``quantization:<tensor>`` -> ``scale,zero`` for each quantised tensor."""
        return {f"quantization:{name}": f"{found.scale!r},{found.zero}" for name, found in self.quantised.items()}

    def convert_feeds(self, feeds: Tensors, fetches: Sequence[str]) -> dict[str, NDArray[Any]]:
        """The feeds as the model stores them: of its dtypes, C-contiguous; copied only where they are not so already.

        Floating numbers for a quantised tensor are real ones and are quantised; whole numbers of its own dtype are
        taken as they are. Other dtypes are cast where no value can change, and between floating ones. Raises
        EngineError for names that the model does not have, a missing input, a shape or dtype that does not fit.
        """
        self._check_names("input", self.stored_inputs, feeds)
        self._check_names("output", self.stored_outputs, fetches)
        missing = [str(spec) for spec in self.stored_inputs if spec.name not in feeds]
        if missing:
            raise EngineError(f"{self.path}: not fed: {', '.join(missing)}")
        return {spec.name: self._stored_tensor(spec, feeds[spec.name]) for spec in self.stored_inputs}

    def convert_outputs(self, outputs: Tensors) -> dict[str, NDArray[Any]]:
        """The outputs as real numbers: float32 for what is quantised or of half precision, the rest as it is."""
        return {name: self._real_tensor(name, np.asarray(tensor)) for name, tensor in outputs.items()}

    def _real_spec(self, spec: TensorSpec) -> TensorSpec:
        return attrs.evolve(spec, dtype="float32") if spec.name in self.quantised or spec.dtype == "float16" else spec

    def _real_tensor(self, name: str, tensor: NDArray[Any]) -> NDArray[Any]:
        found = self.quantised.get(name)
        if found and tensor.dtype.kind in "iu":
            return found.dequantise(tensor)
        return tensor.astype(np.float32) if tensor.dtype == np.float16 else tensor

    def _stored_tensor(self, spec: TensorSpec, fed: NDArray[Any]) -> NDArray[Any]:
        tensor = np.asarray(fed)
        found = self.quantised.get(spec.name) if tensor.dtype.kind == "f" else None
        if not _fits(tensor.shape, spec.shape) or not (found or _can_cast(tensor.dtype, spec.dtype)):
            given = TensorSpec(spec.name, tensor.shape, str(tensor.dtype))
            raise EngineError(
                f"{self.path}: takes {spec}; was fed {given}", remedy=_find_remedy(tensor.shape, spec.shape)
            )
        if found:
            return found.quantise(tensor, spec.dtype)
        return tensor if spec.dtype == "string" else np.asarray(tensor, spec.dtype, order="C")

    def _check_names(self, what: str, specs: Sequence[TensorSpec], asked: Sequence[str] | Tensors) -> None:
        known = {spec.name for spec in specs}
        unknown = [name for name in asked if name not in known]
        if unknown:
            raise EngineError(f"{self.path}: no {what} named {', '.join(unknown)}", remedy=f"it has {', '.join(known)}")


def _can_cast(given: np.dtype[Any], wanted: str) -> bool:
    """Whether a cast keeps the values; from one floating dtype to another it may lose digits."""
    if wanted == "string":
        return given.kind in "OSU"
    return np.can_cast(given, wanted, "safe") or (given.kind == "f" and np.dtype(wanted).kind == "f")


def _fits(given: tuple[int, ...], wanted: tuple[int | None, ...] | None) -> bool:
    if wanted is None:
        return True
    return len(given) == len(wanted) and all(side in (None, there) for side, there in zip(wanted, given, strict=True))


def _find_remedy(given: tuple[int, ...], wanted: tuple[int | None, ...] | None) -> str:
    if wanted and given[1:] and wanted[0] != given[0] and _fits(given[1:], wanted[1:]):
        return f"its batch is fixed at {wanted[0]}: export the model with a batch of {given[0]}, or of any size"
    return ""
