"""What a model file says of its graph, whatever its format."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from runner_core.graphs.graph import Graph

# The function that reads each format; its module is imported for a file of that format alone.
_READERS = {
    ".h5": "keras_file.read_keras",
    ".hdf5": "keras_file.read_keras",
    ".keras": "keras_file.read_keras",
    ".onnx": "onnx_model.read_onnx",
    ".pb": "graph_def.read_frozen_graph",
    ".tflite": "tflite_model.read_tflite",
    ".xml": "openvino_ir.read_openvino_ir",
}
_SAVED_MODEL, _FILE = "saved_model.read_saved_model", "saved_model.pb"


def read_graph(path: Path) -> Graph | None:
    """The graph in a model file, or in the folder of a SavedModel.

    None for other formats, for damaged files, and for files that cannot be read.
    """
    reader = _SAVED_MODEL if (path / _FILE).is_file() else _READERS.get(path.suffix.lower())
    if reader is None or (reader != _SAVED_MODEL and not path.is_file()):
        return None
    module, name = reader.split(".")
    read = getattr(import_module(f"runner_core.graphs.{module}"), name)
    try:
        graph: Graph = read(path)
    except (ValueError, OSError, RecursionError):
        return None
    return graph
