"""A model loaded by LiteRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.border import Border, Quantisation
from runner_core.contracts import Tensors, TensorSpec
from runner_core.errors import EngineError
from runner_litert.metadata import metadata_of
from runner_litert.refusals import refusal

Detail = Mapping[str, Any]  # as the interpreter describes a tensor: name, index, shape, shape_signature, dtype, ...


class LiteRTSession:
    """An interpreter holds one run's tensors: runs may not overlap. ``metadata`` is what the file has packed in it."""

    concurrent = False

    def __init__(self, path: Path, interpreter: Any) -> None:
        self._interpreter = interpreter
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        quantised = {detail["name"]: _quantisation(detail) for detail in (*inputs, *outputs)}
        self._border = Border(path, _specs(inputs), _specs(outputs), quantised)
        self._places = {detail["name"]: detail["index"] for detail in inputs}
        self._found = {detail["name"]: detail["index"] for detail in outputs}
        self._shapes = {detail["name"]: tuple(detail["shape"].tolist()) for detail in inputs}
        self.inputs, self.outputs = self._border.inputs, self._border.outputs
        self.metadata: dict[str, str] = metadata_of(path) | self._border.metadata

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        interpreter = self._interpreter
        if interpreter is None:
            raise EngineError(f"{self._border.path}: the session is closed")
        stored = self._border.enter(feeds, fetches)
        try:
            self._make_room(interpreter, stored)
            for name, tensor in stored.items():
                interpreter.set_tensor(self._places[name], tensor)
            interpreter.invoke()
            found = {name: interpreter.get_tensor(self._found[name]) for name in fetches}
        except Exception as error:
            self._shapes = {}  # whatever it has allocated by now, the next run starts over
            fed = (str(TensorSpec(name, tensor.shape, tensor.dtype.name)) for name, tensor in stored.items())
            raise refusal(self._border.path, error, remedy=f"it was fed {', '.join(fed)}") from error
        return self._border.leave(found)

    def close(self) -> None:
        self._interpreter = None

    def _make_room(self, interpreter: Any, stored: Mapping[str, NDArray[Any]]) -> None:
        """Allocates anew where an input of free sides comes in another shape than last time."""
        shapes = {name: tensor.shape for name, tensor in stored.items()}
        if shapes == self._shapes:
            return
        for name, shape in shapes.items():
            interpreter.resize_tensor_input(self._places[name], shape)
        interpreter.allocate_tensors()
        self._shapes = shapes


def _specs(details: Sequence[Detail]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(detail["name"], _shape(detail), _dtype(detail)) for detail in details)


def _shape(detail: Detail) -> tuple[int | None, ...]:
    return tuple(None if side < 0 else side for side in detail["shape_signature"].tolist())


def _dtype(detail: Detail) -> str:
    dtype = np.dtype(detail["dtype"])
    return "string" if dtype.kind in "OSU" else dtype.name


def _quantisation(detail: Detail) -> Quantisation:
    scale, zero = detail["quantization"]  # (0.0, 0) where there is none
    return Quantisation(float(scale), int(zero))
