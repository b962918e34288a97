"""Inference to JSON and back, without loss.

float32 columns are written with the fewest digits that read back to the same float32.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.inference import NONE, Inference
from runner_core.labels import Label, LabelMap
from runner_core.mask import Mask

_HEAD = ("brain", "version", "task", "engine")


def to_json(inference: Inference) -> dict[str, Any]:
    """The form of DESIGN's JSONL line, plus ``size`` so that it stands alone; absent fields are left out."""
    data: dict[str, Any] = {name: getattr(inference, name) for name in _HEAD}
    data["size"] = list(inference.size)
    data["ms"] = dict(inference.ms)
    data["columns"] = [name for name in _COLUMNS if getattr(inference, name) is not None and not len(inference)]
    data["instances"] = _instances(inference)
    if inference.class_map is not None:
        data["class_map"] = _run_lengths(inference.class_map)
    return {key: value for key, value in data.items() if key != "columns" or value}


def _instances(inference: Inference) -> list[dict[str, Any]]:
    file_ids = inference.file_ids.tolist()
    rows: list[dict[str, Any]] = [
        {"id": row, "label": name, "file_id": file_id}
        for row, (name, file_id) in enumerate(zip(inference.names, file_ids, strict=True))
    ]
    for row, number in enumerate(inference.model_ids.tolist()):
        if number != file_ids[row]:
            rows[row]["model_id"] = number
    for name, (key, write, _) in _COLUMNS.items():
        column = getattr(inference, name)
        if column is not None:
            for instance, value in zip(rows, write(column), strict=True):
                if value is not None:
                    instance[key] = value
    return rows


def from_json(data: Mapping[str, Any], size: tuple[int, int] | None) -> Inference:
    """Raises KeyError for a missing field."""
    rows = data["instances"]
    labels = [Label(row.get("model_id", row["file_id"]), row["file_id"], row["label"]) for row in rows]
    width, height = size or data["size"]
    return Inference(
        **{name: data[name] for name in _HEAD},
        size=(int(width), int(height)),
        ms=dict(data.get("ms", {})),
        model_ids=np.array([label.model_id for label in labels], np.int64),
        labels=LabelMap(tuple(dict.fromkeys(labels))),
        class_map=_class_map(data["class_map"]) if "class_map" in data else None,
        **{
            name: read([row.get(key) for row in rows])
            for name, (key, _, read) in _COLUMNS.items()
            if name in data.get("columns", ()) or any(key in row for row in rows)
        },
    )


def _short(column: NDArray[np.float32]) -> list[Any]:
    """Nested lists of floats that print as the shortest decimals of their float32 values."""
    return column.astype(np.float32).astype("U").astype(np.float64).tolist()  # type: ignore[no-any-return]


def _numbers(column: NDArray[np.integer]) -> list[int | None]:
    return [None if number == NONE else number for number in column.tolist()]


def _optional(values: Iterable[int | None]) -> NDArray[np.int64]:
    return np.array([NONE if value is None else value for value in values], np.int64)


# column -> (key of an instance, column to values, values to column)
_COLUMNS: dict[str, tuple[str, Any, Any]] = {
    "scores": ("score", _short, lambda values: np.array(values, np.float32)),
    "boxes": ("box", _short, lambda values: np.array(values, np.float32).reshape(-1, 4)),
    "masks": (
        "mask",
        lambda masks: [mask.rle for mask in masks],
        lambda values: tuple(Mask(rle=rle) for rle in values),
    ),
    "keypoints": ("keypoints", _short, lambda values: np.array(values, np.float32).reshape(len(values), -1, 3)),
    "tracks": ("track", _numbers, _optional),
    "parents": ("parent", _numbers, _optional),
}


def _run_lengths(class_map: NDArray[np.integer]) -> dict[str, Any]:
    """Row-major runs as ``[model_id, length]`` pairs."""
    flat = class_map.ravel()
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1]))) if flat.size else np.array([], int)
    lengths = np.diff(np.append(starts, flat.size))
    return {"size": list(class_map.shape), "runs": np.stack([flat[starts], lengths], axis=1).tolist()}


def _class_map(data: Mapping[str, Any]) -> NDArray[np.int64]:
    runs = np.array(data["runs"], np.int64).reshape(-1, 2)
    return np.repeat(runs[:, 0], runs[:, 1]).reshape(data["size"])
