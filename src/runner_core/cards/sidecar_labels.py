"""Labels that lie beside a bare model, as exporters and people put them there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards.label_files import GivenLabels, read_given
from runner_core.cards.labels import Label, LabelMap
from runner_core.cards.sidecar_metadata import folders_of, read_data, triton_outputs
from runner_core.errors import LabelError

_PLACEHOLDER = re.compile(r"LABEL_\d+")  # what transformers writes where nobody named the classes


@attrs.frozen
class Found:
    """A label map, whether the file numbers its classes itself, and in a line for people where it was."""

    labels: LabelMap
    numbered: bool
    note: str


def labels_beside(model: Path, *, first: int = 0) -> Found | None:
    """The labels around a model, in the folders of ``folders_of``. None where there are none.

    Only files of the names in ``FILE_NAMES`` are looked at, in that order. ``first`` is the number of a list's first
    name. Raises LabelError for a file whose name says that it holds labels, and that does not.
    """
    for path in (folder / name for folder in folders_of(model) for name in FILE_NAMES):
        given = _READERS[path.name](path) if path.is_file() else None
        if given and given.given:
            note = f"labels: {len(given.given)} names from {path.name} beside the model"
            return Found(given.counted(first), given.numbered, note)
    return None


def _transformers_config(path: Path) -> GivenLabels | None:
    """``id2label`` of a Hugging Face configuration: the names by class number, from 0."""
    names = read_data(path, json.loads).get("id2label")
    if not isinstance(names, Mapping) or all(_PLACEHOLDER.fullmatch(str(name)) for name in names.values()):
        return None
    return _numbered(path, names)


def _ultralytics_metadata(path: Path) -> GivenLabels | None:
    """``names`` as Ultralytics' exporters write them into every folder that they make: by class number, from 0.

    Source: https://docs.ultralytics.com/modes/export
    """
    import yaml

    names = read_data(path, yaml.safe_load).get("names")
    if isinstance(names, list):
        names = dict(enumerate(names))
    return _numbered(path, names) if isinstance(names, Mapping) else None


def _triton_labels(path: Path) -> GivenLabels | None:
    """The file that Triton's ``config.pbtxt`` names as ``label_filename`` of an output: one name a line."""
    names = (fields["label_filename"] for fields in triton_outputs(path) if "label_filename" in fields)
    named = (path.parent / next(names, "")).resolve()
    if not named.is_file() or not named.is_relative_to(path.parent.resolve()):
        return None
    return read_given(named)


def _numbered(path: Path, names: Mapping[Any, Any]) -> GivenLabels:
    if not all(isinstance(name, str | int | float) for name in names.values()):
        raise LabelError(f"{path}: its names of classes are no names")
    try:
        return GivenLabels(
            LabelMap(tuple(Label(int(number), int(number), str(name)) for number, name in names.items()))
        )
    except (ValueError, TypeError, LabelError) as error:
        raise LabelError(f"{path}: its names of classes are not numbered ({error})") from error


_READERS: dict[str, Callable[[Path], GivenLabels | None]] = {
    "labels.pbtxt": read_given,
    "label_map.pbtxt": read_given,
    "labels.json": read_given,
    "labels.txt": read_given,
    "labelmap.txt": read_given,
    "config.json": _transformers_config,
    "metadata.yaml": _ultralytics_metadata,
    "config.pbtxt": _triton_labels,
}
FILE_NAMES = tuple(_READERS)
