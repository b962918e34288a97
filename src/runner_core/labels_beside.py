"""Labels that lie beside a bare model, as exporters and people put them there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from runner_core.errors import LabelError
from runner_core.label_files import read_labels
from runner_core.labels import Label, LabelMap

_PLACEHOLDER = re.compile(r"LABEL_\d+")  # what transformers writes where nobody named the classes


@attrs.frozen
class Found:
    """A label map, and in a line for people where it was."""

    labels: LabelMap
    note: str


def labels_beside(model: Path, *, first: int = 0) -> Found | None:
    """The labels in a model's folder; of a model that is a folder, in it, else beside it. None where there are none.

    Only files of the names in ``FILE_NAMES`` are looked at, in that order. ``first`` is the number of a list's first
    name. Raises LabelError for a file whose name says that it holds labels, and that does not.
    """
    folders = (model, model.parent) if model.is_dir() else (model.parent,)
    for path in (folder / name for folder in folders for name in FILE_NAMES):
        labels = _READERS[path.name](path, first) if path.is_file() else None
        if labels:
            return Found(labels, f"labels: {len(labels)} names from {path.name} beside the model")
    return None


def _label_file(path: Path, first: int) -> LabelMap:
    return read_labels(path, first=first)


def _transformers_config(path: Path, _first: int) -> LabelMap | None:
    """``id2label`` of a Hugging Face configuration: the names by class number, from 0."""
    names = _data(path, json.loads).get("id2label")
    if not isinstance(names, Mapping) or all(_PLACEHOLDER.fullmatch(str(name)) for name in names.values()):
        return None
    return _numbered(path, names)


def _ultralytics_metadata(path: Path, _first: int) -> LabelMap | None:
    """``names`` as Ultralytics' exporters write them into every folder that they make: by class number, from 0.

    Source: https://docs.ultralytics.com/modes/export
    """
    import yaml

    names = _data(path, yaml.safe_load).get("names")
    if isinstance(names, list):
        names = dict(enumerate(names))
    return _numbered(path, names) if isinstance(names, Mapping) else None


def _data(path: Path, parse: Callable[[str], Any]) -> Mapping[str, Any]:
    """What is in a file of a common name; empty where it is something else, and so not for us."""
    try:
        data = parse(path.read_text(encoding="utf-8-sig"))
    except Exception:  # noqa: BLE001  # whatever its reader raises, it is none of the files we know
        return {}
    return data if isinstance(data, Mapping) else {}


def _numbered(path: Path, names: Mapping[Any, Any]) -> LabelMap:
    if not all(isinstance(name, str | int | float) for name in names.values()):
        raise LabelError(f"{path}: its names of classes are no names")
    try:
        return LabelMap(tuple(Label(int(number), int(number), str(name)) for number, name in names.items()))
    except (ValueError, TypeError, LabelError) as error:
        raise LabelError(f"{path}: its names of classes are not numbered ({error})") from error


_READERS: dict[str, Callable[[Path, int], LabelMap | None]] = {
    "labels.pbtxt": _label_file,
    "label_map.pbtxt": _label_file,
    "labels.json": _label_file,
    "labels.txt": _label_file,
    "labelmap.txt": _label_file,
    "config.json": _transformers_config,
    "metadata.yaml": _ultralytics_metadata,
}
FILE_NAMES = tuple(_READERS)
