"""Refusals: what ONNX Runtime says of a model, in one line, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from runner_core.errors import EngineError

# "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model from PATH failed:", then where in its sources it was noticed.
_PREAMBLE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .*? failed:)?")
_PLACE = re.compile(r"\S*onnxruntime_src/\S+:\d+ .*?\) (?=\S)")

_REMEDIES = {
    r"Protobuf parsing failed|No graph was found|can't decode": (
        "the file is damaged, cut short or not an ONNX model: fetch it again"
    ),
    r"No Op registered|not a registered|Could not find an implementation": (
        "this build of ONNX Runtime lacks the operator: export the model without it, or try another engine"
    ),
    r"opset|IR version": "upgrade onnxruntime, or export the model again for an older version",
    r"External data|external data": "keep the file that holds its weights beside the model",
}


def to_engine_error(path: Path, error: Exception) -> EngineError:
    """The EngineError for an exception of the runtime, or of its import."""
    if isinstance(error, ImportError):
        return EngineError(f"{path}: ONNX Runtime cannot be imported ({error})", remedy="install runner-onnx again")
    message = " ".join(_PLACE.sub("", _PREAMBLE.sub("", str(error))).split())
    remedies = (remedy for pattern, remedy in _REMEDIES.items() if re.search(pattern, message))
    return EngineError(f"{path}: ONNX Runtime: {message.rstrip('.')}", remedy=next(remedies, ""))
