"""Label Studio: its JSON and JSON-MIN exports. Its COCO, VOC and YOLO exports are read as these.

Format: https://labelstud.io/guide/export#JSON, and https://labelstud.io/tags for the regions of each control tag.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from runner_core.datasets import Dataset, Finding
from runner_core.errors import DatasetError
from runner_datasets.files import Pictures, find_files, read_head, read_json
from runner_datasets.label_studio_regions import read_regions
from runner_datasets.listed import Listed, build_dataset

log = logging.getLogger("runner")

_LOOKED_AT = 5  # files
_SIGNS = ('"annotations"', '"predictions"', '"rectanglelabels"', '"polygonlabels"', '"choices"')
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # before the name of a picture that was uploaded


class LabelStudio:
    """A JSON file, or a folder with one, and the pictures in or below its folder.

    Of several annotations of a task the first that is not cancelled counts, one of the ground truth before others.
    Tasks without are left out: nobody has looked at them. Where no task has any, predictions count. Rectangles may be
    turned; polygons, ellipses and brushes are masks; choices are classes of the whole picture; keypoints are read where
    they belong to a region.

    ``images``  the folder of the pictures.
    """

    options = ("images",)

    def recognise(self, place: Path) -> float:
        return 0.9 if _find_file(place) else 0.0

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        path = _find_file(place)
        if path is None:
            raise DatasetError(f"{place}: no tasks of Label Studio", remedy="export as JSON")
        tasks = read_json(path)
        if not isinstance(tasks, list):
            raise DatasetError(f"{path}: not a list of tasks")
        answered = any(isinstance(task, dict) and task.get("annotations") for task in tasks)
        if not answered:
            log.info("%s: nobody has annotated these tasks: their predictions are taken for true", path)
        pictures = Pictures(Path(options["images"]) if "images" in options else path.parent)
        listed, findings = [], []
        for number, task in enumerate(tasks, 1):
            where = f"{path}: task {task.get('id', number) if isinstance(task, dict) else number!r:.40}"
            try:
                each = _read_task(task, where, pictures, answered=answered)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                findings.append(Finding(where, f"a task that cannot be read ({error})"))
                continue
            if each is None:
                findings.append(Finding(where, "a task without annotations"))
            else:
                listed.append(each)
        return build_dataset(place, pictures, listed, findings=findings)


def _find_file(place: Path) -> Path | None:
    files = [place] if place.is_file() else find_files(place, ".json")[:_LOOKED_AT] if place.is_dir() else []
    return next((path for path in files if path.suffix.lower() == ".json" and _looks_like_tasks(read_head(path))), None)


def _looks_like_tasks(head: str) -> bool:
    return head.lstrip().startswith("[") and any(sign in head for sign in _SIGNS)


def _read_task(task: Mapping[str, Any], place: str, pictures: Pictures, *, answered: bool) -> Listed | None:
    """None for a task that nobody has answered. Raises ValueError and others for what is no task."""
    if "data" not in task:
        return _read_short(task, place, pictures)
    given = task.get("annotations" if answered else "predictions") or []
    kept = [each for each in given if isinstance(each, dict) and not each.get("was_cancelled")]
    if not kept:
        return None
    chosen = next((each for each in kept if each.get("ground_truth")), kept[0])
    size, rows, tags, findings = read_regions(chosen.get("result"), place)
    name = _find_picture(task["data"], pictures)
    return Listed(name, place, size, tuple(rows), tuple(tags), tuple(findings))


def _read_short(task: Mapping[str, Any], place: str, pictures: Pictures) -> Listed:
    """A task of JSON-MIN: regions, without what is around them, below the names of their control tags."""
    lists = [value for value in task.values() if isinstance(value, list)]
    regions = [
        {"value": {key: value for key, value in region.items() if key != "id"}, "type": "", **region}
        for each in lists
        for region in each
        if isinstance(region, dict)
    ]
    size, rows, tags, findings = read_regions(regions, place)
    return Listed(_find_picture(task, pictures), place, size, tuple(rows), tuple(tags), tuple(findings))


def _find_picture(data: Mapping[str, Any], pictures: Pictures) -> str:
    """What the picture is called that an address of a task leads to. Raises ValueError where there is none."""
    texts = [value for value in data.values() if isinstance(value, str)]
    named = data.get("image") if isinstance(data.get("image"), str) else next(iter(texts), None)
    if not isinstance(named, str):
        raise ValueError("it names no picture")
    path = unquote(named.rpartition("?d=")[2] if "?d=" in named else named.partition("?")[0])
    if pictures.find(path):
        return path
    name = PurePosixPath(path).name
    return _UPLOADED.sub("", name) if pictures.find(_UPLOADED.sub("", name)) else path
