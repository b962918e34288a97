"""ONNX Runtime as an engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.engines import check_files_beside, read_header
from runner_core.errors import EngineError
from runner_onnx.devices import find_providers, list_devices
from runner_onnx.engine_errors import to_engine_error
from runner_onnx.runtime import import_runtime
from runner_onnx.session import OnnxSession


class OnnxEngine:
    """Loads ``.onnx`` files."""

    def load(self, artifact: Path, options: EngineOptions) -> OnnxSession:
        """Raises EngineError for a device that this build lacks, and for what ONNX Runtime refuses, in its words."""
        read_header(artifact)
        check_files_beside(artifact)
        try:
            ort = import_runtime()
        except ImportError as error:
            raise to_engine_error(artifact, error) from error
        providers = find_providers(options.device, ort.get_available_providers())
        try:
            # Its own fallback would print to standard output and run elsewhere than asked.
            session = ort.InferenceSession(
                os.fspath(artifact), _make_session_options(ort, options.threads), providers=providers, enable_fallback=0
            )
        except Exception as error:  # a damaged file may even end in a UnicodeDecodeError
            raise to_engine_error(artifact, error) from error
        _check_device(artifact, options.device, session.get_providers()[0], providers[0][0])
        return OnnxSession(artifact, session)

    def describe(self) -> Mapping[str, str]:
        """Version and devices. Raises ImportError."""
        ort = import_runtime()
        return {"onnxruntime": ort.__version__, "devices": ", ".join(list_devices(ort.get_available_providers()))}


def _make_session_options(ort: Any, threads: int | None) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4  # errors come as exceptions
    options.intra_op_num_threads = threads or 0  # 0: as many as there are cores
    # Waiting threads would spin, on cores that other brains could use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _check_device(artifact: Path, device: str, got: str, wanted: str) -> None:
    if got != wanted:
        raise EngineError(
            f"{artifact}: {wanted} did not start, ONNX Runtime would run on {got} instead of {device}",
            remedy="see that the device's driver and libraries fit this build, or choose --device cpu",
        )
