"""Refusals: what OpenVINO says of a model, in one line, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from runner_core.errors import EngineError

# Where in its sources it was noticed, and frames around what was noticed.
_NOISE = re.compile(
    r"Exception from \S+:\d+:|Check '.*?' failed at \S+:\d+:|FrontEnd API failed with \w+:|"
    r"Model wasn't fully converted\.|Summary:|^-- |To facilitate the conversion .*$",
    re.MULTILINE,
)
_OPERATORS = re.compile(
    r"No conversion rule found for operations: (.+)|No translator found for (.+) node|operation with type: (\S+)|"
    r"END: node: ov::frontend::\w+::(\w+)"
)
_REMEDIES = {
    r"bin file|externally stored data": "keep the file that holds its weights beside the model, whole",
    r"Unable to read|parse|corrupted|malformed|tag|can't decode": (
        "the file is damaged, cut short or of another format: fetch it again"
    ),
}


def to_engine_error(path: Path, error: Exception) -> EngineError:
    """The EngineError for an exception of the runtime, or of its import."""
    if isinstance(error, ImportError):
        return EngineError(f"{path}: OpenVINO cannot be imported ({error})", remedy="install runner-openvino again")
    message = " ".join(_NOISE.sub("", str(error)).split()).rstrip(".")
    if operators := _OPERATORS.search(str(error)):
        names = next(found for found in operators.groups() if found)
        return EngineError(
            f"{path}: OpenVINO has no translation for {names}",
            remedy="try the engine that the file was made for, or export the network without decoding, resizing and "
            "sorting out boxes inside the graph",
        )
    remedies = (remedy for pattern, remedy in _REMEDIES.items() if re.search(pattern, message))
    return EngineError(f"{path}: OpenVINO: {message}", remedy=next(remedies, ""))
