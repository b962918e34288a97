"""Inference to JSON and back, without loss.

float32 columns are written with the fewest digits that read back to the same float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import UsageError
from runner_core.results.inference import NONE, Inference
from runner_core.results.mask import Mask

_HEAD = ("brain", "version", "task", "engine")


def to_json(inference: Inference) -> dict[str, Any]:
    """The form of DESIGN's JSONL line, plus ``size`` so that it stands alone; absent fields are left out.

    ``columns`` names those that no instance shows, with the shape of a row: an empty Inference still has boxes.
    """
    data: dict[str, Any] = {name: getattr(inference, name) for name in _HEAD}
    if inference.parent_brain:
        data["parent_brain"] = inference.parent_brain
    data |= {"size": list(inference.size), "ms": dict(inference.ms)}
    rows = _instances(inference)
    unseen = {name: list(np.shape(getattr(inference, name))[1:]) for name in _unseen(inference, rows)}
    if unseen:
        data["columns"] = unseen
    data["instances"] = rows
    if inference.class_map is not None:
        data["class_map"] = _run_lengths(inference.class_map)
        data["class_map"]["labels"] = [_named(label) for label in inference.found]
    return data


def _unseen(inference: Inference, rows: list[dict[str, Any]]) -> list[str]:
    present = [name for name in _COLUMNS if getattr(inference, name) is not None]
    return [name for name in present if not any(_COLUMNS[name][0] in row for row in rows)]


def _instances(inference: Inference) -> list[dict[str, Any]]:
    known = {label.model_id: label for label in inference.found}
    rows = [{"id": row, **_named(known[number])} for row, number in enumerate(inference.model_ids.tolist())]
    for name, (key, write, _) in _COLUMNS.items():
        column = getattr(inference, name)
        if column is not None:
            for instance, value in zip(rows, write(column), strict=True):
                if value is not None:
                    instance[key] = value
    return rows


def _named(label: Label) -> dict[str, Any]:
    named: dict[str, Any] = {"label": label.name, "file_id": label.file_id}
    return named if label.model_id == label.file_id else {**named, "model_id": label.model_id}


def _label(named: Mapping[str, Any]) -> Label:
    return Label(named.get("model_id", named["file_id"]), named["file_id"], named["label"])


def from_json(data: Mapping[str, Any], size: Sequence[int] | None) -> Inference:
    """Raises KeyError for a missing field, ValueError for one that is nonsense, UsageError where no size is told."""
    if size is None and "size" not in data:
        raise UsageError(
            "an inference of a JSON line has no size of its own",
            remedy='give the line\'s: Inference.from_json(line["inferences"][0], size=line["size"])',
        )
    rows, class_map, unseen = data["instances"], data.get("class_map"), data.get("columns", {})
    labels = [_label(row) for row in rows]
    width, height = size or data["size"]
    return Inference(
        **{name: data[name] for name in _HEAD},
        size=(int(width), int(height)),
        ms=dict(data.get("ms", {})),
        parent_brain=data.get("parent_brain", ""),
        model_ids=np.array([label.model_id for label in labels], np.int64),
        labels=LabelMap(tuple(dict.fromkeys([*labels, *map(_label, class_map["labels"] if class_map else ())]))),
        class_map=_class_map(class_map) if class_map else None,
        **{
            name: read([row.get(key) for row in rows], unseen.get(name))
            for name, (key, _, read) in _COLUMNS.items()
            if name in unseen or any(key in row for row in rows)
        },
    )


def _short(column: NDArray[np.float32]) -> list[Any]:
    """Nested lists of floats that print as the shortest decimals of their float32 values, which is how numpy prints."""
    shortest = [float(str(value)) for value in column.ravel()]
    lists: list[Any] = np.reshape(shortest, column.shape).tolist()
    return lists


def _floats(values: list[Any], shape: list[int] | None) -> NDArray[np.float32]:
    column = np.array(values, np.float32)
    return column if shape is None else column.reshape(len(values), *shape)


def _keypoints(values: list[Any], shape: list[int] | None) -> NDArray[np.float32]:
    return _floats(values, shape or [-1, 3])


def _numbers(column: NDArray[np.integer]) -> list[int | None]:
    return [None if number == NONE else number for number in column.tolist()]


def _optional(values: list[int | None], _: object) -> NDArray[np.int64]:
    return np.array([NONE if value is None else value for value in values], np.int64)


def _rles(masks: tuple[Mask, ...]) -> list[dict[str, Any]]:
    return [mask.rle for mask in masks]


def _masks(values: list[dict[str, Any]], _: object) -> tuple[Mask, ...]:
    return tuple(Mask(rle=rle) for rle in values)


# column -> (key of an instance, column to values, values and the shape of a row to column)
_COLUMNS: dict[str, tuple[str, Any, Any]] = {
    "scores": ("score", _short, _floats),
    "boxes": ("box", _short, _floats),
    "masks": ("mask", _rles, _masks),
    "keypoints": ("keypoints", _short, _keypoints),
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
