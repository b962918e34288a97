"""OpenVINO as an engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.engines import check_files_beside
from runner_core.errors import EngineError
from runner_openvino.devices import (
    NO_EIGHT_BITS,
    ON_CALLERS_THREAD,
    drops_errors,
    find_device,
    list_devices,
    make_properties,
)
from runner_openvino.engine_errors import to_engine_error
from runner_openvino.magic_bytes import check_mark
from runner_openvino.runtime import import_runtime, shared_core
from runner_openvino.session import OpenVINOSession
from runner_openvino.wrong_results import check_counts


class OpenVINOEngine:
    """Loads OpenVINO's IR, ``.onnx``, ``.tflite``, SavedModels and frozen graphs."""

    fragile = ("saved-model",)  # a damaged index of variables may end in SIGSEGV

    def load(self, artifact: Path, options: EngineOptions) -> OpenVINOSession:
        """Raises EngineError for a device that is not there, and for what OpenVINO refuses, in its words."""
        check_mark(artifact)
        check_files_beside(artifact)
        try:
            core = shared_core()
        except (ImportError, RuntimeError) as error:
            raise to_engine_error(artifact, error) from error
        device = find_device(options.device, core.available_devices)
        try:
            model = core.read_model(os.fspath(artifact))
            check_counts(artifact, model)
            asked = make_properties(device, options, own_format=artifact.suffix.lower() == ".xml")
            return OpenVINOSession(artifact, model, _requests(core, model, device, asked))
        except EngineError:
            raise
        except Exception as error:  # a damaged file may even end in a UnicodeDecodeError
            raise to_engine_error(artifact, error) from error

    def describe(self) -> Mapping[str, str]:
        """Version and devices. Raises ImportError."""
        openvino = import_runtime()
        version = openvino.__version__.partition("-")[0]  # the rest names a build
        return {"openvino": version, "devices": ", ".join(list_devices(shared_core().available_devices))}


def _requests(core: Any, model: Any, device: str, asked: Mapping[str, Any]) -> Callable[[], Any]:
    """What makes a request.

    Where threads are counted, a model compiled for one call at a time, for each: calls that take turns on several
    streams of one model find their memory cold, and are slower alone and side by side. Else requests of one model.
    """
    if "INFERENCE_NUM_THREADS" in asked:
        return lambda: _compile(core, model, device, asked).create_infer_request()
    create: Callable[[], Any] = _compile(core, model, device, asked).create_infer_request
    return create


def _compile(core: Any, model: Any, device: str, asked: Mapping[str, Any]) -> Any:
    """The compiled model, whose runs raise what they end in, however few threads the machine gives it."""
    compiled = _compile_as_known(core, model, device, asked)
    if drops_errors(device, compiled):
        return _compile_as_known(core, model, device, {**asked, **ON_CALLERS_THREAD})
    return compiled


def _compile_as_known(core: Any, model: Any, device: str, asked: Mapping[str, Any]) -> Any:
    """The compiled model; in 8 bits after all if this OpenVINO has no property against them."""
    try:
        return core.compile_model(model, device, dict(asked))
    except RuntimeError as error:
        named = {name for name in NO_EIGHT_BITS if f"property {name}" in str(error)}
        if not named:
            raise
        known = {name: value for name, value in asked.items() if name not in named}
        return _compile_as_known(core, model, device, known)
