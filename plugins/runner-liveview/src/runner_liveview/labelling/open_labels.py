"""Opens the labels of a folder: the COCO file that is there, else those that another tool has drawn, else none."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from runner_core.datasets import Dataset, Example, open_dataset
from runner_core.errors import DatasetError, NotInstalled, UsageError
from runner_core.util import find_leftovers
from runner_liveview.labelling.label_file import LabelFile
from runner_liveview.labelling.sheet import Box

LABELS = "labels.json"


def open_labels(folder: Path, named: Path | None = None) -> LabelFile:
    """The labels of a folder, to be written to ``named``, else to the one COCO file that lies in it, or a new one.

    Raises UsageError where there are several, DatasetError for what cannot be read.
    """
    path = named or _find_file(folder)
    _remove_leftovers(path)
    if path.exists():
        return LabelFile.read(path)
    labels = LabelFile(path)
    with suppress(DatasetError, NotInstalled):  # pictures alone, as most folders are
        adopt(labels, open_dataset(folder), folder)
    return labels


def adopt(labels: LabelFile, dataset: Dataset, folder: Path) -> None:
    """Takes over the boxes of a data set of another format, which stays as it is: pictures with boxes are done.

    Raises UsageError for labels that are no boxes.
    """
    if dataset.kind != "object-detection":
        raise UsageError(
            f"{folder}: its labels are of {dataset.kind}, and boxes alone are drawn here",
            remedy="name another file for the boxes: --labels boxes.json",
        )
    for name in dataset.labels.names:
        labels.add_class(name)
    for example in dataset:
        _adopt_example(labels, example, os.path.relpath(example.picture, folder).replace(os.sep, "/"))


def _adopt_example(labels: LabelFile, example: Example, name: str) -> None:
    answer = example.read().answer
    boxes = [] if answer.boxes is None else answer.boxes.round(2).tolist()
    if boxes:
        shown = [Box(label, tuple(box)) for label, box in zip(answer.names, boxes, strict=True)]
        labels.put(name, answer.size, shown, done=True)


def _remove_leftovers(path: Path) -> None:
    """What servers that were killed while they wrote this file have left; not what one is writing now."""
    for leftover in find_leftovers(path, random_only=True):
        if leftover.path.name.startswith(f".{path.name}-"):
            with suppress(OSError):
                leftover.remove()


def _find_file(folder: Path) -> Path:
    usual = folder / LABELS
    found = [usual] if usual.exists() else [path for path in sorted(folder.glob("*.json")) if _is_coco(path)]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UsageError(f"{folder}: several files of labels: {names}", remedy=f"name one: --labels {found[0]}")
    return found[0] if found else usual


def _is_coco(path: Path) -> bool:
    """Whether a file looks like COCO; what cannot be read does not."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"images", "annotations"} <= document.keys()
