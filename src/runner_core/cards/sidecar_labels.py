"""Labels in files beside a model without a card, as exporters and people put them there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards.label_files import ParsedLabels, read_label_file
from runner_core.cards.labels import Label, LabelMap
from runner_core.cards.sidecar_metadata import list_sidecar_folders, read_mapping, read_triton_outputs
from runner_core.errors import LabelError

_PLACEHOLDER = re.compile(r"LABEL_\d+")  # what transformers writes for classes without names


@attrs.frozen
class SidecarLabels:
    """A label map, whether the file itself numbers the classes, and a line that says where it was found."""

    labels: LabelMap
    is_numbered: bool
    note: str


def find_sidecar_labels(model: Path, *, first: int = 0) -> SidecarLabels | None:
    """The labels in the folders of ``list_sidecar_folders``; None if there are none.

    Only files named in ``SIDECAR_LABEL_FILES`` are read, in that order. ``first`` is the number of a list's first name.
    Raises LabelError for a file with a label file's name that holds no labels.
    """
    for path in (folder / name for folder in list_sidecar_folders(model) for name in SIDECAR_LABEL_FILES):
        parsed = _READERS[path.name](path) if path.is_file() else None
        if parsed and parsed.labels:
            note = f"labels: {len(parsed.labels)} names from {path.name} beside the model"
            return SidecarLabels(parsed.to_map(first), parsed.is_numbered, note)
    return None


def _read_transformers_config(path: Path) -> ParsedLabels | None:
    """``id2label`` of a Hugging Face configuration: the names by class number, from 0."""
    names = read_mapping(path, json.loads).get("id2label")
    if not isinstance(names, Mapping) or all(_PLACEHOLDER.fullmatch(str(name)) for name in names.values()):
        return None
    return _from_numbered_names(path, names)


def _read_ultralytics_metadata(path: Path) -> ParsedLabels | None:
    """``names`` as Ultralytics' exporter writes them into each folder: by class number, from 0.

    Source: https://docs.ultralytics.com/modes/export
    """
    import yaml

    names = read_mapping(path, yaml.safe_load).get("names")
    if isinstance(names, list):
        names = dict(enumerate(names))
    return _from_numbered_names(path, names) if isinstance(names, Mapping) else None


def _read_triton_labels(path: Path) -> ParsedLabels | None:
    """The file that Triton's ``config.pbtxt`` names as ``label_filename`` of an output: one name a line."""
    names = (fields["label_filename"] for fields in read_triton_outputs(path) if "label_filename" in fields)
    label_file = (path.parent / next(names, "")).resolve()
    if not label_file.is_file() or not label_file.is_relative_to(path.parent.resolve()):
        return None
    return read_label_file(label_file)


def _from_numbered_names(path: Path, names: Mapping[Any, Any]) -> ParsedLabels:
    if not all(isinstance(name, str | int | float) for name in names.values()):
        raise LabelError(f"{path}: its class names are not texts")
    try:
        return ParsedLabels(
            LabelMap(tuple(Label(int(number), int(number), str(name)) for number, name in names.items()))
        )
    except (ValueError, TypeError, LabelError) as error:
        raise LabelError(f"{path}: its class names have no valid numbers ({error})") from error


_READERS: dict[str, Callable[[Path], ParsedLabels | None]] = {
    "labels.pbtxt": read_label_file,
    "label_map.pbtxt": read_label_file,
    "labels.json": read_label_file,
    "labels.txt": read_label_file,
    "labelmap.txt": read_label_file,
    "config.json": _read_transformers_config,
    "metadata.yaml": _read_ultralytics_metadata,
    "config.pbtxt": _read_triton_labels,
}
SIDECAR_LABEL_FILES = tuple(_READERS)
