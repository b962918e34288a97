"""OpenVINO as an engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_openvino.devices import device_for, devices_of, properties
from runner_openvino.marks import check_mark
from runner_openvino.miscounts import check_counts
from runner_openvino.refusals import refusal
from runner_openvino.runtime import runtime
from runner_openvino.session import OpenVINOSession


class OpenVINOEngine:
    """Loads OpenVINO's IR, ``.onnx``, ``.tflite``, SavedModels and frozen graphs."""

    def load(self, artifact: Path, options: EngineOptions) -> OpenVINOSession:
        """Raises EngineError for a device that is not there, and for what OpenVINO refuses, in its words."""
        check_mark(artifact)
        try:
            core = runtime().Core()
        except (ImportError, RuntimeError) as error:
            raise refusal(artifact, error) from error
        device = device_for(options.device, core.available_devices)
        try:
            model = core.read_model(os.fspath(artifact))
            check_counts(artifact, model)
            compiled = core.compile_model(model, device, properties(device, options))
        except EngineError:
            raise
        except Exception as error:  # a damaged file may even end in a UnicodeDecodeError
            raise refusal(artifact, error) from error
        return OpenVINOSession(artifact, model, compiled)

    def describe(self) -> Mapping[str, str]:
        """Version and devices. Raises ImportError."""
        openvino = runtime()
        version = openvino.__version__.partition("-")[0]  # the rest names a build
        return {"openvino": version, "devices": ", ".join(devices_of(openvino.Core().available_devices))}
