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
from runner_core.util.plain_file import parse_plain_yaml

_PLACEHOLDER = re.compile(r"LABEL_\d+")  # what transformers writes for classes without names


@attrs.frozen
class SidecarLabels:
    """The labels in a file near a model, and where that is.

    ``is_told``  whether it says that it has labels, or is named like the model; else it is a list of anything.
    """

    file: Path
    parsed: ParsedLabels
    where: str = "beside the model"
    is_told: bool = True

    def __str__(self) -> str:
        return f"labels: {self.file.name} {self.where}, {len(self.parsed.labels)} names"


def find_sidecar_labels(model: Path) -> SidecarLabels | None:
    """The labels in the folders of ``list_sidecar_folders``; None if there are none.

    Only files named in ``SIDECAR_LABEL_FILES`` are read, in that order. Raises LabelError for a file with a label
    file's name that holds no labels.
    """
    paths = (folder / name for folder in list_sidecar_folders(model) for name in SIDECAR_LABEL_FILES)
    found = (read_sidecar_labels(path) for path in paths if path.is_file())
    return next((labels for labels in found if labels), None)


def read_sidecar_labels(path: Path, where: str = "beside the model") -> SidecarLabels | None:
    """The labels in one of ``SIDECAR_LABEL_FILES``; None for a file that has none. Raises LabelError."""
    parsed = _READERS[path.name](path)
    return SidecarLabels(path, parsed, where) if parsed and parsed.labels else None


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
    names = read_mapping(path, parse_plain_yaml).get("names")
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
