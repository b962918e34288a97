"""LiteRT as an engine."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from runner_core.contracts import EngineOptions
from runner_core.engines import read_header
from runner_core.errors import EngineError
from runner_litert.engine_errors import to_engine_error
from runner_litert.session import LiteRTSession

_MARK = slice(4, 8), b"TFL3"  # where a flatbuffer names its schema
_LARGEST_SCALE = 1e6


class LiteRTEngine:
    """Loads ``.tflite`` files."""

    fragile = (".tflite",)  # an interpreter that takes damaged ones may end in SIGSEGV when it runs

    def load(self, artifact: Path, options: EngineOptions) -> LiteRTSession:
        """Raises EngineError for any device but the processor, and for what LiteRT refuses, in its words."""
        where, mark = _MARK
        if read_header(artifact)[where] != mark:
            raise EngineError(f"{artifact}: not a TensorFlow Lite model", remedy="fetch it again, or see what it is")
        if options.device.lower() != "cpu":
            raise EngineError(f"LiteRT has no device {options.device!r} here", remedy="it has cpu")
        try:
            return LiteRTSession(artifact, partial(_make_interpreter, artifact, options.threads))
        except Exception as error:  # ValueError or RuntimeError by the stage that refuses
            raise to_engine_error(artifact, error) from error

    def describe(self) -> Mapping[str, str]:
        """Version and devices. Raises ImportError."""
        _import_runtime()
        return {"ai-edge-litert": version("ai-edge-litert"), "devices": "cpu"}


def _make_interpreter(artifact: Path, threads: int | None) -> Any:
    interpreter = _import_runtime().Interpreter(model_path=os.fspath(artifact), num_threads=threads)
    _check_scales(interpreter.get_tensor_details())
    interpreter.allocate_tensors()
    return interpreter


def _check_scales(tensors: Sequence[Mapping[str, Any]]) -> None:
    """Raises ValueError for a scale that no network has: XNNPACK would end the process at such a damaged file."""
    scales = [np.zeros(1), *(tensor["quantization_parameters"]["scales"] for tensor in tensors)]
    if not np.concatenate(scales).max() < _LARGEST_SCALE:
        raise ValueError("not a valid Flatbuffer: a scale is far too large")


def _import_runtime() -> Any:
    return importlib.import_module("ai_edge_litert.interpreter")
