"""What a model file says of its graph, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runner_core.graphs.graph import Graph
from runner_core.graphs.graph_def import read_frozen_graph
from runner_core.graphs.keras_file import read_keras
from runner_core.graphs.onnx_model import read_onnx
from runner_core.graphs.openvino_ir import read_openvino_ir
from runner_core.graphs.saved_model import FILE, read_saved_model
from runner_core.graphs.tflite_model import read_tflite

_READERS: dict[str, Callable[[Path], Graph]] = {
    ".h5": read_keras,
    ".hdf5": read_keras,
    ".keras": read_keras,
    ".onnx": read_onnx,
    ".pb": read_frozen_graph,
    ".tflite": read_tflite,
    ".xml": read_openvino_ir,
}


def read_graph(path: Path) -> Graph | None:
    """The graph in a model file, or in the folder of a SavedModel.

    None for other formats, for damaged files, and for files that cannot be read.
    """
    read = read_saved_model if (path / FILE).is_file() else _READERS.get(path.suffix.lower())
    try:
        return read(path) if read else None
    except (ValueError, OSError, RecursionError):
        return None
