"""The tensors of a model in OpenVINO: their names, shapes and dtypes, and the quantisation in the file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from runner_core.contracts import TensorSpec
from runner_core.engines import Quantisation, TensorIO
from runner_core.errors import EngineError


def read_tensor_io(path: Path, model: Any) -> TensorIO:
    """The TensorIO of a model. Raises EngineError for tensors that numpy cannot hold."""
    quantised = dict(_read_quantised(path)) if path.suffix.lower() == ".tflite" else {}
    return TensorIO(path, _read_specs(path, model.inputs), _read_specs(path, model.outputs), quantised)


def _read_specs(path: Path, ports: Sequence[Any]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(_name(port), _shape(port.get_partial_shape()), _dtype(path, port)) for port in ports)


def _name(port: Any) -> str:
    """A tensor may have several names; the node's own is the one that its file puts first."""
    names, own = port.get_names(), port.get_node().get_friendly_name()
    return str(own if own in names or not names else min(names))


def _shape(shape: Any) -> tuple[int | None, ...] | None:
    if shape.rank.is_dynamic:
        return None
    return tuple(None if side.is_dynamic else side.get_length() for side in shape)


def _dtype(path: Path, port: Any) -> str:
    kind = port.get_element_type()
    if kind.get_type_name() in ("bf16", "string"):
        raise EngineError(
            f"{path}: {_name(port)} is {kind.get_type_name()}",
            remedy="export the model with float32 inputs and outputs",
        )
    return str(kind.to_dtype().name)


def _read_quantised(path: Path) -> Iterator[tuple[str, Quantisation]]:
    """OpenVINO keeps the stored numbers of a .tflite model's inputs and outputs, but not what they stand for."""
    graph = importlib.import_module("tflite").Model.GetRootAs(path.read_bytes()).Subgraphs(0)
    places = (*graph.InputsAsNumpy().tolist(), *graph.OutputsAsNumpy().tolist())
    for tensor in map(graph.Tensors, places):
        found = tensor.Quantization()
        if found is not None and found.ScaleLength() == found.ZeroPointLength() == 1:
            yield tensor.Name().decode(), Quantisation(found.Scale(0), found.ZeroPoint(0))
