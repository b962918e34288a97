"""TensorFlow as an engine. This module imports no TensorFlow: ``load`` and ``describe`` do."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from runner_core.cards import Artifact, Card, format_of
from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_core.util import Birthplace

if TYPE_CHECKING:
    from runner_tensorflow.graph_session import GraphSession
    from runner_tensorflow.program import Program

# format -> the module whose ``read`` makes a Program of it
_READERS = {
    ".pb": "runner_tensorflow.frozen_graph",
    "saved-model": "runner_tensorflow.saved_model",
    **dict.fromkeys((".keras", ".h5", ".hdf5"), "runner_tensorflow.keras_model"),
    "tfjs": "runner_tensorflow.tfjs_model",
}


class TensorFlowEngine:
    """Frozen graphs and SavedModels of TensorFlow 1, SavedModels of TensorFlow 2, ``.keras`` files."""

    exports = (".onnx", ".tflite")
    fragile = (".keras", ".h5", ".hdf5")  # at some damage the library of HDF5 never ends

    def load(self, artifact: Path, options: EngineOptions) -> GraphSession:
        """Raises EngineError saying what the file is not; UntrustedError for one that may do more than compute."""
        program = _read(artifact, options)
        from runner_tensorflow.graph_session import GraphSession

        return GraphSession(program, options)

    def export(self, artifact: Path, card: Card, place: Path, *, half: bool, trusted: bool) -> Artifact:
        """Writes an ``.onnx`` or ``.tflite`` file of the network alone: see ``runner_core.contracts.Exporter``."""
        program = _read(artifact, EngineOptions(trusted=trusted))
        from runner_tensorflow.export import export_network

        try:
            return export_network(program, card, place, half=half)
        finally:
            program.discard()

    def describe(self) -> Mapping[str, str]:
        """Versions of TensorFlow and Keras, and the devices as ``EngineOptions.device`` spells them."""
        from runner_tensorflow.devices import list_devices
        from runner_tensorflow.runtime import tf

        return {"tensorflow": tf.__version__, "keras": tf.keras.__version__, "devices": ", ".join(list_devices())}


_first_used: Birthplace | None = None


def _check_process() -> None:
    """Raises ForkedError in a fork of the process that has used TensorFlow: its threads are missing here."""
    global _first_used
    _first_used = _first_used or Birthplace()
    _first_used.check("TensorFlow")


def _read(artifact: Path, options: EngineOptions) -> Program:
    reader = _READERS.get(format_of(artifact))
    if reader is None:
        raise _make_refusal(artifact)
    _check_process()
    program: Program = import_module(reader).read(artifact, options)
    return program


def _make_refusal(artifact: Path) -> EngineError:
    if not artifact.exists():
        return EngineError(f"{artifact}: no such file or folder")
    if artifact.is_dir():
        return EngineError(
            f"{artifact}: there is no saved_model.pb in this folder", remedy="name the folder that has it"
        )
    return EngineError(f"{artifact}: TensorFlow opens {', '.join(_READERS)}", remedy="choose another engine")
