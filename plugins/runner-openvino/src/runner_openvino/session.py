"""A model compiled by OpenVINO."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import Tensors
from runner_core.errors import EngineError
from runner_openvino.engine_errors import to_engine_error
from runner_openvino.metadata import read_metadata
from runner_openvino.tensors import read_tensor_io


class OpenVINOSession:
    """Runs may overlap, each on a request of its own, which ``request`` makes and a later run reuses.

    ``metadata`` is what the exporter wrote into the file.
    """

    concurrent = True

    def __init__(self, path: Path, model: Any, request: Callable[[], Any]) -> None:
        self._request: Callable[[], Any] | None = request
        self._idle: deque[Any] = deque([request()])
        self._io = read_tensor_io(path, model)
        self.inputs, self.outputs = self._io.inputs, self._io.outputs
        self._places = {spec.name: place for place, spec in enumerate(self.outputs)}
        self.metadata: dict[str, str] = read_metadata(path, model) | self._io.metadata

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        request = self._request
        if request is None:
            raise EngineError(f"{self._io.path}: the session is closed")
        stored = self._io.convert_feeds(feeds, fetches)
        try:
            found = self._infer(request, stored, fetches)
        except Exception as error:
            raise to_engine_error(self._io.path, error) from error
        return self._io.convert_outputs(found)

    def close(self) -> None:
        self._request = None
        self._idle.clear()

    def _infer(self, make: Callable[[], Any], stored: Tensors, fetches: Sequence[str]) -> dict[str, NDArray[Any]]:
        try:
            request = self._idle.pop()
        except IndexError:
            request = make()
        for place, tensor in enumerate(stored.values()):
            _fill(request.get_input_tensor(place), tensor)
        request.infer(share_outputs=True)
        found = {name: np.array(request.get_output_tensor(self._places[name]).data) for name in fetches}
        if self._request is not None:
            self._idle.append(request)
        return found


def _fill(target: Any, tensor: NDArray[Any]) -> None:
    """Copies into the request's own memory: OpenVINO is slower on memory that is new to it."""
    if tuple(target.shape) != tensor.shape:
        target.shape = tensor.shape
    target.data[...] = tensor
