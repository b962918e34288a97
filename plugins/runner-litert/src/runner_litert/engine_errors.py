"""Refusals: what LiteRT says of a model, in one line, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from runner_core.errors import EngineError

_JOINT = re.compile(r"(?<=[a-z])\.?(?=Node number)")  # its messages come one after the other, with nothing between
_FLEX = re.compile(r"\((Flex\w+)\) failed to prepare")
_CUSTOM = re.compile(r"unresolved custom op: (\S+?)\.?(?=\s|$)")


def to_engine_error(path: Path, error: Exception, *, remedy: str = "") -> EngineError:
    """The EngineError for an exception of the interpreter, or of its import; ``remedy`` where its words give none."""
    if isinstance(error, ImportError):
        return EngineError(f"{path}: LiteRT cannot be imported ({error})", remedy="install runner-litert again")
    message = " ".join(_JOINT.sub(". ", str(error)).split()).rstrip(".")
    if flex := _FLEX.search(message):
        return EngineError(
            f"{path}: LiteRT lacks the TensorFlow operator {flex[1].removeprefix('Flex')}",
            remedy="convert the model without SELECT_TF_OPS, or run what it was made from on the tensorflow engine",
        )
    if custom := _CUSTOM.search(message):
        return EngineError(
            f"{path}: LiteRT does not know the custom operator {custom[1]}",
            remedy="convert the model without custom operators, or try another engine",
        )
    if "Flatbuffer" in message:
        remedy = "the file is damaged or cut short: fetch it again"
    return EngineError(f"{path}: LiteRT: {message}", remedy=remedy)
