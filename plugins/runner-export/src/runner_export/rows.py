"""Answers as a flat table: one row per instance, and one for a verdict on the picture as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner_core.results import Inference, Instance, Result, Verdict

# column -> Arrow's type
COLUMNS = {
    "source": "string", "index": "int64", "time": "float64", "width": "int32", "height": "int32",
    "brain": "string", "version": "string", "task": "string", "id": "int32", "label": "string", "file_id": "int64",
    "score": "float32", "x1": "float32", "y1": "float32", "x2": "float32", "y2": "float32", "angle": "float32",
    "mask": "string",
    "keypoints": "float32s", "track": "int64", "parent": "int32", "parent_brain": "string",
}  # fmt: skip


def rows_of(result: Result) -> Iterator[dict[str, Any]]:
    """The rows of a result, with all of ``COLUMNS``; None for values that an inference does not have."""
    for inference in result.answers:
        head = _describe_frame(result, inference)
        if inference.verdict:
            yield dict.fromkeys(COLUMNS) | head | _describe_verdict(inference.verdict)
        for instance in inference.instances:
            yield head | _describe_instance(instance)


def _describe_frame(result: Result, inference: Inference) -> dict[str, Any]:
    frame, (width, height) = result.frame, inference.size
    return {
        "source": _escape(frame.source), "index": frame.index, "time": frame.time, "width": width, "height": height,
        "brain": inference.brain, "version": inference.version, "task": inference.task,
        "parent_brain": inference.parent_brain or None,
    }  # fmt: skip


def _escape(name: str) -> str:
    """The name with bytes that are not UTF-8 escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def _describe_verdict(verdict: Verdict) -> dict[str, Any]:
    """Without an ``id`` and a place."""
    return {"label": verdict.label, "file_id": verdict.file_id, "score": verdict.score}


def _describe_instance(instance: Instance) -> dict[str, Any]:
    x1, y1, x2, y2 = instance.box or (None,) * 4
    points = instance.keypoints
    return {
        "id": instance.id, "label": instance.label, "file_id": instance.file_id, "score": instance.score,
        "x1": x1, "y1": y1, "x2": x2, "y2": y2, "angle": instance.angle,
        "mask": instance.mask.rle["counts"] if instance.mask else None,
        "keypoints": None if points is None else [number for point in points for number in point],
        "track": instance.track, "parent": instance.parent,
    }  # fmt: skip
