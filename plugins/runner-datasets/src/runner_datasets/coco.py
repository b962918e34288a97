"""COCO: one JSON file of images, annotations and categories for each part.

Format: https://cocodataset.org/#format-data. Written by COCO itself, CVAT, Roboflow, Label Studio and runner's sink.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards import Label, LabelMap
from runner_core.datasets import Dataset, Example, Finding, Truth, build_truth
from runner_core.errors import DatasetError, LabelError
from runner_datasets.coco_rows import count_keypoints, has_shape, read_row
from runner_datasets.files import Pictures, find_files, find_part, measure, read_head, read_json
from runner_datasets.scale import fit_size

_LOOKED_AT = 50  # files: where each picture has one, it is of another format
_HEAD = 1 << 16  # bytes in which one of the lists begins
_KEYS = ('"images"', '"annotations"', '"categories"')


class Coco:
    """``instances.json`` beside its pictures, or a folder with such files, as in ``annotations/``.

    Polygons and run lengths make masks, ``keypoints`` keypoints. Crowds (``iscrowd``, ``ignore``) are ignored. Images
    without annotations are pictures of nothing. The part of an image is that of its file's name or folder.

    ``images``  the folder of the pictures; by default that of the file, and the one above ``annotations/``.
    """

    options = ("images",)

    def recognise(self, place: Path) -> float:
        return 1.0 if any(_looks_like_coco(path) for path in _list_json(place)) else 0.0

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        files = [place] if place.is_file() else [path for path in _list_json(place) if _looks_like_coco(path)]
        if not files:
            raise DatasetError(f"{place}: no COCO file", remedy="it is JSON with images, annotations and categories")
        pictures = Pictures(Path(options["images"]) if "images" in options else _find_folder(place))
        read = [_File.read(path) for path in files]
        rows = [row for file in read for each in file.rows.values() for row in each]
        points = max(map(count_keypoints, rows), default=0)
        kind = "keypoints" if points else "instance-segmentation" if any(map(has_shape, rows)) else "object-detection"
        labels, examples, findings = _join_labels(read), dict[str, Example](), list[Finding]()
        for file in read:
            findings += file.findings
            for example in file.list_examples(pictures, labels, kind, points, findings):
                if examples.setdefault(example.key, example) is not example:
                    findings.append(Finding(str(file.path), f"the picture {example.key} is there twice"))
        if not examples:
            remedy = findings[0].message if findings else "it lists no images"
            raise DatasetError(f"{place}: none of its pictures is there", remedy=remedy)
        return Dataset(str(place), kind, labels, tuple(examples.values()), tuple(findings))


@attrs.frozen
class _Image:
    number: int
    name: str
    size: tuple[int, int] | None


@attrs.frozen
class _File:
    """What one file says, its annotations by the number of their image."""

    path: Path
    images: tuple[_Image, ...]
    names: Mapping[int, str]
    rows: Mapping[int, tuple[Mapping[str, Any], ...]]
    findings: tuple[Finding, ...]

    def list_examples(
        self, pictures: Pictures, labels: LabelMap, kind: str, keypoints: int, findings: list[Finding]
    ) -> Iterator[Example]:
        """Of the images whose picture is there; the others are findings."""
        named = find_part(self.path.stem.replace("_", "/"))
        for image in self.images:
            picture = pictures.find(image.name, near=self.path.parent)
            if picture is None:
                findings.append(Finding(str(self.path), pictures.explain_missing(image.name)))
                continue
            key, rows = pictures.key_of(picture), self.rows.get(image.number, ())
            read = _Read(str(self.path), picture, image.size, rows, self.names, labels, kind, keypoints)
            yield Example(picture, key, read, part=named or find_part(image.name) or find_part(key))

    @classmethod
    def read(cls, path: Path) -> _File:
        """Raises DatasetError for what is not COCO."""
        data = read_json(path)
        lists = [
            data.get(key, []) if isinstance(data, dict) else None for key in ("images", "annotations", "categories")
        ]
        if not all(isinstance(rows, list) for rows in lists) or not lists[0] or "annotations" not in data:
            raise DatasetError(f"{path}: not of COCO", remedy="it needs lists of images, annotations and categories")
        findings: list[Finding] = []
        images = _read_images(lists[0] or [], path, findings)
        names = _read_categories(lists[2] or [], path, findings)
        rows: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        known, ids = {image.number for image in images}, set()
        for row in lists[1] or []:
            if not isinstance(row, dict) or row.get("image_id") not in known:
                number = row.get("id") if isinstance(row, dict) else row
                findings.append(Finding(str(path), f"annotation {number!r:.40}: there is no such image"))
                continue
            number = row.get("id")
            if isinstance(number, int) and number in ids:
                findings.append(Finding(str(path), f"the id {number} is there twice", "both annotations are kept"))
            if isinstance(number, int):
                ids.add(number)
            rows[row["image_id"]].append(row)
        return cls(path, images, names, {number: tuple(each) for number, each in rows.items()}, tuple(findings))


def _read_images(rows: list[Any], path: Path, findings: list[Finding]) -> tuple[_Image, ...]:
    """Those with a number of their own and a name."""
    images: dict[int, _Image] = {}
    for row in rows:
        number, name = (row.get("id"), row.get("file_name")) if isinstance(row, dict) else (None, None)
        if type(number) is not int or not isinstance(name, str):
            findings.append(Finding(str(path), f"image {number!r:.40} has no id or no file_name"))
        elif number in images:
            findings.append(Finding(str(path), f"the image id {number} is there twice: {images[number].name}, {name}"))
        else:
            sides = row.get("width"), row.get("height")
            said = (int(sides[0]), int(sides[1])) if all(type(side) is int for side in sides) else None
            images[number] = _Image(number, name, said)
    return tuple(images.values())


def _read_categories(rows: list[Any], path: Path, findings: list[Finding]) -> dict[int, str]:
    names: dict[int, str] = {}
    for row in rows:
        number, name = (row.get("id"), row.get("name")) if isinstance(row, dict) else (None, None)
        if type(number) is not int or number < 0 or not isinstance(name, str):
            findings.append(Finding(str(path), f"category {number!r:.40} has no id or no name"))
        elif number in names:
            findings.append(Finding(str(path), f"the category id {number} is there twice: {names[number]}, {name}"))
        else:
            names[number] = name
    return names


def _join_labels(files: list[_File]) -> LabelMap:
    """The categories of all files by name: numbered from 0 in the order of their ids, which stay as file_ids."""
    named: dict[str, int] = {}
    for file in files:
        for number, name in sorted(file.names.items()):
            named.setdefault(name, number)
    unique = len(set(named.values())) == len(named)
    try:
        return LabelMap(
            tuple(
                Label(place, file_id if unique else place, name) for place, (name, file_id) in enumerate(named.items())
            )
        )
    except LabelError as error:
        raise DatasetError(f"{files[0].path}: {error.message}") from error


@attrs.frozen
class _Read:
    path: str
    picture: Path
    said: tuple[int, int] | None
    rows: tuple[Mapping[str, Any], ...] = attrs.field(repr=False)
    names: Mapping[int, str]
    labels: LabelMap
    kind: str
    keypoints: int

    def __call__(self) -> Truth:
        size = measure(self.picture)
        findings: list[Finding] = []
        made = (read_row(row, self.names, self.path, findings) for row in self.rows)
        rows, scaled = fit_size(filter(None, made), self.said, size, self.picture, f"{self.path}: {self.picture.name}")
        return build_truth(
            size, rows, kind=self.kind, labels=self.labels, keypoints=self.keypoints, findings=(*findings, *scaled)
        )


def _list_json(place: Path) -> list[Path]:
    """The files that may be COCO. Beside ``instances_*`` others, such as ``captions_*``, say less of their pictures."""
    if place.is_file():
        return [place] if place.suffix.lower() == ".json" else []
    files = find_files(place, ".json")[:_LOOKED_AT] if place.is_dir() else []
    return [path for path in files if path.name.startswith("instances_")] or files


def _looks_like_coco(path: Path) -> bool:
    """Whether one of the three lists begins early in the file, of which each image or annotation has its fields."""
    head = read_head(path, _HEAD)
    return head.lstrip().startswith("{") and any(key in head for key in _KEYS) and "shapes" not in head


def _find_folder(place: Path) -> Path:
    """Where the pictures of a file are searched."""
    folder = place.parent if place.is_file() else place
    return folder.parent if folder.name.lower() in ("annotations", "labels") else folder
