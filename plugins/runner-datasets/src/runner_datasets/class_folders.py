"""Folders of classes: ``cats/1.jpg``, ``dogs/2.jpg``, or these below ``train/``, ``val/``, ``test/``.

Format: as Keras' ``image_dataset_from_directory`` and torchvision's ``ImageFolder`` read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from runner_core.cards import LabelMap
from runner_core.datasets import Dataset, Example, Finding, Truth
from runner_core.errors import DatasetError
from runner_core.frames import is_picture_name
from runner_datasets.files import Pictures, find_files, list_files, measure, natural_key, to_part
from runner_datasets.listed import build_choice

_NO_CLASSES = {
    "images", "image", "imgs", "img", "jpegimages", "pictures", "photos", "labels", "label", "annotations",
    "annotation", "masks", "mask", "imagesets", "segmentationclass", "segmentationobject", "xmls",
}  # fmt: skip
_LABELS = (".xml", ".json", ".jsonl", ".yaml", ".yml", ".txt")


class ClassFolders:
    """Each folder is a class, and the pictures in and below it are of that class."""

    options: tuple[str, ...] = ()

    def recognise(self, place: Path) -> float:
        """Not sure: pictures may lie in folders for any reason."""
        if not place.is_dir():
            return 0.0
        folders = _find_classes(place)
        names = {folder.name.casefold() for folder in folders}
        if len(names) < 2 or names & _NO_CLASSES:
            return 0.0
        return 0.0 if find_files(place, *_LABELS) else 0.3

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:  # noqa: ARG002  # it has none
        folders = set(_find_classes(place) if place.is_dir() else ())
        if not folders:
            raise DatasetError(f"{place}: no folders of pictures", remedy="a folder for each class: cats/1.jpg")
        labels = LabelMap.from_names(dict.fromkeys(sorted((folder.name for folder in folders), key=natural_key)))
        pictures = Pictures(place)
        examples, findings = [], []
        for path in pictures.paths:
            folder = next((parent for parent in path.parents if parent in folders), None)
            if folder is None:
                findings.append(Finding(str(path), "a picture in no folder of a class"))
            else:
                part = to_part(folder.parent.name) if folder.parent != place else ""
                examples.append(Example(path, pictures.key_of(path), _Read(path, folder.name, labels), part=part))
        return Dataset(str(place), "classification", labels, tuple(examples), tuple(findings))


@attrs.frozen
class _Read:
    picture: Path
    name: str
    labels: LabelMap

    def __call__(self) -> Truth:
        return build_choice(measure(self.picture), (self.name,), self.labels)


def _find_classes(place: Path) -> list[Path]:
    """The folders with pictures in or below them: of parts, if all are parts, else of the place itself."""
    folders = _list_folders(place)
    parts = [folder for folder in folders if to_part(folder.name)]
    if parts and len(parts) == len(folders):
        folders = [folder for part in parts for folder in _list_folders(part)]
    return [folder for folder in folders if any(list_files(folder, is_picture_name))]


def _list_folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith("."))
