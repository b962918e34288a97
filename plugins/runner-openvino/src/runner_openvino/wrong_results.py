"""Miscounts: what OpenVINO computes wrongly without an error, so that such a graph is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner_core.errors import EngineError


def check_counts(path: Path, model: Any) -> None:
    """Raises EngineError for a graph that counts the boxes that its own NMS has kept.

    OpenVINO 2026.4 runs ``tf.size(tf.image.non_max_suppression(...))``, the end of most TensorFlow detectors, and gives
    whatever is in memory: no error, often no box.
    """
    for operator in model.get_ops():
        if operator.get_type_name() == "NonMaxSuppression" and _is_counted(operator):
            raise EngineError(
                f"{path}: OpenVINO miscounts the boxes that this graph chooses itself ({operator.get_friendly_name()})",
                remedy="run it on the engine that it was made for, or export the network alone: `runner export`",
            )


def _is_counted(suppression: Any) -> bool:
    """Whether the graph multiplies the sides of the shape of what this NMS has kept."""
    seen: dict[str, Any] = {}
    left = [suppression]
    while left:
        operator = left.pop()
        for user in _users(operator):
            kind, name = user.get_type_name(), user.get_friendly_name()
            if kind == "ShapeOf" and any(next_one.get_type_name() == "ReduceProd" for next_one in _users(user)):
                return True
            if name not in seen and kind in _PASSING:
                seen[name] = user
                left.append(user)
    return False


_PASSING = frozenset({"Convert", "Gather", "Reshape", "Slice", "Squeeze", "StridedSlice", "Unsqueeze"})


def _users(operator: Any) -> Iterator[Any]:
    for output in operator.outputs():
        for target in output.get_target_inputs():
            yield target.get_node()
