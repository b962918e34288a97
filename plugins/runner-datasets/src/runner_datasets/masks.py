"""Semantic masks: a folder of pictures and a folder of PNGs whose pixels are the numbers of classes, or their colours.

Formats: the ``SegmentationClass`` of Pascal VOC with CVAT's ``labelmap.txt``; ``_classes.csv`` as Roboflow writes it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import LabelMap, is_background
from runner_core.datasets import Dataset, Example, Finding, Truth
from runner_core.errors import DatasetError, ImageError
from runner_core.frames import open_image
from runner_core.results import Inference, Mask
from runner_datasets.files import (
    MOST_LABELS,
    Pictures,
    find_files,
    find_part,
    make_labels,
    measure,
    read_bytes,
    read_head,
    read_text,
)

_FOLDERS = ("masks", "mask", "segmentationclass", "labels", "annotations", "gtfine", "labelids")
_ENDINGS = ("", "_mask", "-mask", "_label", "_labels", "_labelIds", "_seg", ".jpg", ".png")
_LISTS = ("labelmap.txt", "_classes.csv", "classes.txt", "labels.txt", "names.txt")
_IGNORED = 255  # of Pascal VOC: pixels of no class
_BORDER = (224, 224, 192)  # its colour
NO_CLASS = -1

Colours = Mapping[tuple[int, int, int], int]


class Masks:
    """``images/`` and ``masks/`` (or VOC's ``JPEGImages`` and ``SegmentationClass``), by the same stems.

    A mask is grey or has a palette, and its pixels are numbers in the list of classes, from 0; or it has the colours of
    ``labelmap.txt``. 255, and VOC's border, are pixels of no class; of two classes, 255 is the second.

    ``masks``  the folder of the masks.
    ``names``  the classes in their order, ``background,road``; by default those of a list beside the folders.
    """

    options = ("masks", "names")

    def recognise(self, place: Path) -> float:
        if not place.is_dir() or not any(path.suffix.lower() == ".png" for path in _find_masks(place, None)):
            return 0.0
        return 0.6 if any((place / name).is_file() for name in _LISTS) else 0.2

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        names, colours = _read_classes(place, options.get("names", ""))
        masks = _find_masks(place, options.get("masks"))
        by_stem = {(find_part(str(path.relative_to(place).parent)), path.stem): path for path in masks}
        pictures = Pictures(place, without=tuple({path.parent.name for path in masks}))
        labels = make_labels(names, place)
        examples, findings = [], []
        for path in pictures.paths:
            if path in masks:
                continue
            key = pictures.key_of(path)
            part = find_part(str(Path(key).parent))
            stems = [(each, path.stem + ending) for ending in _ENDINGS for each in (part, "")]
            mask = next((by_stem[stem] for stem in stems if stem in by_stem), None)
            if mask is None:
                findings.append(Finding(str(path), "a picture without a mask"))
            else:
                examples.append(Example(path, key, _Read(mask, path, labels, colours), part=part))
        if not examples:
            raise DatasetError(f"{place}: no picture with a mask of its name", remedy="name their folder: ?masks=masks")
        return Dataset(str(place), "semantic-segmentation", labels, tuple(examples), tuple(findings))


@attrs.frozen
class _Read:
    path: Path
    picture: Path
    labels: LabelMap
    colours: Colours

    def __call__(self) -> Truth:
        size = measure(self.picture)
        numbers = _read_numbers(self.path, self.colours)
        if numbers.shape != size[::-1]:
            height, width = numbers.shape
            raise DatasetError(f"{self.path}: a mask of {width} x {height} for a picture of {size[0]} x {size[1]}")
        findings: list[Finding] = []
        class_map = _to_classes(numbers, len(self.labels), str(self.path), findings)
        return Truth(_build_answer(class_map, size, self.labels), findings=tuple(findings))


def _read_numbers(path: Path, colours: Colours) -> NDArray[np.int64]:
    """H x W numbers of classes; colours that are not known are 255. Raises DatasetError."""
    try:
        image = open_image(read_bytes(path, MOST_LABELS), str(path))
        if image.mode in ("P", "L", "1", "I", "I;16") and not (image.mode == "P" and colours):
            return np.asarray(image).astype(np.int64)
        pixels = np.asarray(image.convert("RGB")).astype(np.int64)
    except ImageError as error:
        raise DatasetError(error.message, remedy=error.remedy) from error
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise DatasetError(f"{path}: an unreadable mask ({error})") from error
    if not colours:
        if (pixels == pixels[..., :1]).all():
            return pixels[..., 0]
        raise DatasetError(f"{path}: a mask in colours", remedy="say what they mean in labelmap.txt: road:128,64,128::")
    packed = pixels @ (1 << 16, 1 << 8, 1)
    numbers = np.full(packed.shape, _IGNORED, np.int64)
    for (red, green, blue), number in colours.items():
        numbers[packed == (red << 16) + (green << 8) + blue] = number
    return numbers


def _to_classes(numbers: NDArray[np.int64], count: int, path: str, findings: list[Finding]) -> NDArray[np.int64]:
    """H x W classes; what is none is -1, and a finding unless it is the usual number for it."""
    present = np.unique(numbers).tolist()
    if count == 2 and _IGNORED in present and set(present) <= {0, _IGNORED}:
        return np.where(numbers == _IGNORED, 1, 0)
    unknown = [number for number in present if not 0 <= number < count and number != _IGNORED]
    if unknown:
        findings.append(Finding(path, f"class {unknown[0]} is not among the {count} of the data set", "of no class"))
    return np.where((numbers >= 0) & (numbers < count), numbers, NO_CLASS)


def _build_answer(class_map: NDArray[np.int64], size: tuple[int, int], labels: LabelMap) -> Inference:
    """A row for each class but the background, as a brain of this kind answers."""
    present = [label for label in labels.foreground if (class_map == label.model_id).any()]
    masks = [class_map == label.model_id for label in present]
    boxes = [_box_around(mask) for mask in masks]
    return Inference(
        brain="", task="semantic-segmentation", size=size, labels=labels,
        model_ids=np.array([label.model_id for label in present], np.int64),
        boxes=np.array(boxes, np.float32).reshape(-1, 4), masks=tuple(Mask(rle=Mask(array=mask).rle) for mask in masks),
        class_map=class_map,
    )  # fmt: skip


def _box_around(mask: NDArray[np.bool_]) -> list[int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def _find_masks(place: Path, folder: str | None) -> frozenset[Path]:
    """The PNGs in the folders of masks."""
    if folder is not None:
        return frozenset(find_files(place / folder, ".png", ".bmp", ".tif", ".tiff"))
    files = find_files(place, ".png")
    return frozenset(
        path for path in files if any(part.casefold() in _FOLDERS for part in path.relative_to(place).parts[:-1])
    )


def _read_classes(place: Path, given: str) -> tuple[Sequence[str], Colours]:
    """The names, and the number of each colour where the list has colours. Raises DatasetError."""
    if given:
        return [name.strip() for name in given.split(",") if name.strip()], {}
    path = next((place / name for name in _LISTS if (place / name).is_file()), None)
    if path is None:
        raise DatasetError(f"{place}: no list of classes", remedy="write classes.txt, or ?names=background,road")
    lines = [line for line in read_text(path).splitlines() if line.strip() and not line.startswith("#")]
    if path.suffix == ".csv":
        rows = [row for row in csv.reader(lines[1:]) if len(row) >= 2]
        names = [row[1].strip() for row in sorted(rows, key=lambda row: int(row[0]) if row[0].strip().isdigit() else 0)]
        return names, {}
    if path.name != "labelmap.txt" or ":" not in read_head(path):
        return [line.strip() for line in lines], {}
    fields = [line.split(":") for line in lines]
    fields.sort(key=lambda field: not is_background(field[0]))
    colours = {
        _read_colour(field[1], path): number for number, field in enumerate(fields) if len(field) > 1 and field[1]
    }
    return [field[0].strip() for field in fields], colours | {_BORDER: _IGNORED}


def _read_colour(text: str, path: Path) -> tuple[int, int, int]:
    try:
        red, green, blue = (int(part) for part in text.split(","))
    except ValueError:
        raise DatasetError(f"{path}: {text[:40]!r} is no colour") from None
    return red, green, blue
