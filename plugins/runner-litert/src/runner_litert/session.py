"""A model loaded by LiteRT."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.cards import read_tflite_metadata
from runner_core.contracts import Tensors, TensorSpec
from runner_core.engines import Quantisation, TensorIO
from runner_core.errors import EngineError
from runner_litert.engine_errors import to_engine_error

Detail = Mapping[str, Any]  # as the interpreter describes a tensor: name, index, shape, shape_signature, dtype, ...


class Worker:
    """One interpreter, and the shapes for which its tensors are allocated. It serves one run at a time."""

    def __init__(self, interpreter: Any) -> None:
        self.interpreter = interpreter
        self.inputs, self.outputs = interpreter.get_input_details(), interpreter.get_output_details()
        self._fed = {detail["name"]: detail["index"] for detail in self.inputs}
        self._found = {detail["name"]: detail["index"] for detail in self.outputs}
        self._shapes = {detail["name"]: tuple(detail["shape"].tolist()) for detail in self.inputs}

    def run(self, stored: Mapping[str, NDArray[Any]], fetches: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Raises what the interpreter raises."""
        self._allocate(stored)
        for name, tensor in stored.items():
            self.interpreter.set_tensor(self._fed[name], tensor)
        self.interpreter.invoke()
        return {name: self.interpreter.get_tensor(self._found[name]) for name in fetches}

    def _allocate(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Allocates again where an input of free sides has another shape than last time."""
        shapes = {name: tensor.shape for name, tensor in stored.items()}
        if shapes == self._shapes:
            return
        for name, shape in shapes.items():
            self.interpreter.resize_tensor_input(self._fed[name], shape)
        self.interpreter.allocate_tensors()
        self._shapes = shapes


class LiteRTSession:
    """Runs may overlap, each on an interpreter of its own, made when it is first needed; they share the file's bytes.

    ``metadata`` is what is packed in the file.
    """

    concurrent = True

    def __init__(self, path: Path, load: Callable[[], Any]) -> None:
        """``load`` makes an interpreter of the model, with its tensors allocated."""
        self._load: Callable[[], Any] | None = load
        first = Worker(load())
        self._idle = deque([first])
        quantised = {detail["name"]: _read_quantisation(detail) for detail in (*first.inputs, *first.outputs)}
        self._io = TensorIO(path, _read_specs(first.inputs), _read_specs(first.outputs), quantised)
        self.inputs, self.outputs = self._io.inputs, self._io.outputs
        self.metadata: dict[str, str] = read_tflite_metadata(path) | self._io.metadata

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        load = self._load
        if load is None:
            raise EngineError(f"{self._io.path}: the session is closed")
        stored = self._io.convert_feeds(feeds, fetches)
        try:
            worker = self._take_idle() or Worker(load())
            found = worker.run(stored, fetches)
        except Exception as error:  # the interpreter is not used again, whatever it has allocated by now
            fed = (str(TensorSpec(name, tensor.shape, tensor.dtype.name)) for name, tensor in stored.items())
            raise to_engine_error(self._io.path, error, remedy=f"it was fed {', '.join(fed)}") from error
        if self._load is not None:
            self._idle.append(worker)
        return self._io.convert_outputs(found)

    def close(self) -> None:
        self._load = None
        self._idle.clear()

    def _take_idle(self) -> Worker | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None


def _read_specs(details: Sequence[Detail]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(detail["name"], _shape(detail), _dtype(detail)) for detail in details)


def _shape(detail: Detail) -> tuple[int | None, ...]:
    return tuple(None if side < 0 else side for side in detail["shape_signature"].tolist())


def _dtype(detail: Detail) -> str:
    dtype = np.dtype(detail["dtype"])
    return "string" if dtype.kind in "OSU" else dtype.name


def _read_quantisation(detail: Detail) -> Quantisation:
    scale, zero = detail["quantization"]  # (0.0, 0) where there is none
    return Quantisation(float(scale), int(zero))
