"""A model loaded by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner_core.contracts import Tensors, TensorSpec
from runner_core.engines import TensorIO
from runner_core.errors import EngineError
from runner_onnx.engine_errors import to_engine_error

_DTYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16", "tensor(bool)": "bool",
    **{f"tensor({sign}int{bits})": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}  # fmt: skip


class OnnxSession:
    """Runs may overlap. ``metadata`` is what the file's exporter wrote into it."""

    concurrent = True

    def __init__(self, path: Path, session: Any) -> None:
        self._session = session
        inputs, outputs = session.get_inputs(), session.get_outputs()
        odd = [f"{each.name}: {each.type}" for each in inputs if each.type not in _DTYPES]
        if odd:
            raise EngineError(f"{path}: takes what is not a tensor of numbers: {', '.join(odd)}")
        self._io = TensorIO(path, _read_specs(inputs), _read_specs(outputs))
        self.inputs, self.outputs = self._io.inputs, self._io.outputs
        self.metadata: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        session = self._session
        if session is None:
            raise EngineError(f"{self._io.path}: the session is closed")
        stored = self._io.convert_feeds(feeds, fetches)
        try:
            found = session.run(list(fetches), stored)
        except Exception as error:
            raise to_engine_error(self._io.path, error) from error
        return self._io.convert_outputs(dict(zip(fetches, found, strict=True)))

    def close(self) -> None:
        self._session = None


def _read_specs(tensors: Sequence[Any]) -> tuple[TensorSpec, ...]:
    """Of the tensors that hold numbers; some classifiers also give lists of maps, which no codec fetches."""
    return tuple(
        TensorSpec(each.name, _shape(each.shape), _DTYPES[each.type]) for each in tensors if each.type in _DTYPES
    )


def _shape(sides: Sequence[int | str | None]) -> tuple[int | None, ...] | None:
    """Free sides come as names or None. A shape without sides may be a scalar's or unknown: it counts as unknown."""
    return tuple(side if isinstance(side, int) else None for side in sides) or None
