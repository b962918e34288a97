"""labelme: a JSON file beside each picture.

Format: https://github.com/wkentaro/labelme, labelme/label_file.py and labelme/shape.py.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runner_core.datasets import Annotation, Dataset, Finding
from runner_core.errors import DatasetError, ImageError
from runner_core.frames import open_image
from runner_core.results import Mask
from runner_datasets.files import MOST_LABELS, Pictures, find_files, read_head, read_json
from runner_datasets.listed import Listed, build_dataset
from runner_datasets.shapes import make_ellipse, to_points

_LOOKED_AT = 5  # files


class Labelme:
    """Rectangles are boxes, polygons, circles and masks are masks; points and lines are left out.

    A picture without a file is left out: nobody has looked at it. The picture that a file holds itself is not read.
    """

    options: tuple[str, ...] = ()

    def recognise(self, place: Path) -> float:
        return 1.0 if place.is_dir() and any(map(_looks_like_labelme, find_files(place, ".json")[:_LOOKED_AT])) else 0.0

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:  # noqa: ARG002  # it has none
        pictures = Pictures(place)
        listed, findings, labelled = [], [], set()
        for path in find_files(place, ".json"):
            try:
                each = _read_file(path)
            except DatasetError as error:
                findings.append(Finding.from_error(error, str(path)))
                continue
            beside = pictures.find(each.name, near=path.parent) or pictures.find(path.stem, near=path.parent)
            name = pictures.key_of(beside) if beside else each.name
            labelled.add(name)
            listed.append(Listed(name, each.place, each.said, each.rows, findings=each.findings))
        unseen = [path for path in pictures.paths if pictures.key_of(path) not in labelled]
        findings += [Finding(str(path), "a picture without labels") for path in unseen]
        return build_dataset(place, pictures, listed, findings=findings)


def _looks_like_labelme(path: Path) -> bool:
    head = read_head(path)
    return head.lstrip().startswith("{") and '"shapes"' in head


def _read_file(path: Path) -> Listed:
    data = read_json(path, MOST_LABELS)
    if not isinstance(data, dict) or not isinstance(data.get("shapes"), list):
        raise DatasetError(f"{path}: not of labelme, which has shapes")
    rows, findings = [], []
    for number, shape in enumerate(data["shapes"], 1):
        place = f"{path}: shape {number}"
        try:
            rows.append(_read_shape(shape, place, _size_of(data)))
        except (TypeError, KeyError, ValueError, OverflowError, ImageError) as error:
            findings.append(Finding(place, f"a shape that cannot be read ({error})"))
    name = data.get("imagePath")
    return Listed(
        name if isinstance(name, str) else path.stem, str(path), _size_of(data), tuple(rows), findings=tuple(findings)
    )


def _size_of(data: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = data.get("imageWidth"), data.get("imageHeight")
    return (width, height) if type(width) is int and type(height) is int else None


def _read_shape(shape: Any, place: str, size: tuple[int, int] | None) -> Annotation:
    """Raises ValueError, KeyError and others for what is none."""
    if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
        raise ValueError("it has no label")
    label, points, kind = shape["label"], to_points(shape["points"]), shape.get("shape_type", "polygon")
    if kind == "polygon" and len(points) >= 3:
        return Annotation(label, place, polygons=[points])
    if kind == "rectangle" and len(points) in (2, 4):
        (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return Annotation(label, place, (x1, y1, x2, y2))
    if kind == "circle" and len(points) == 2:
        (x, y), radius = points[0].tolist(), math.dist(*points.tolist())
        return Annotation(label, place, polygons=[make_ellipse(x, y, radius, radius)])
    if kind == "mask" and len(points) == 2 and size:
        return Annotation(label, place, mask=_read_mask(shape["mask"], points, size))
    raise ValueError(f"a {kind!s:.20} of {len(points)} points")


def _read_mask(text: str, points: np.ndarray[Any, np.dtype[np.float64]], size: tuple[int, int]) -> Mask:
    """A PNG in base64 whose upper left pixel is the first point."""
    pixels = np.asarray(open_image(base64.b64decode(text), "a mask")).astype(bool)
    if pixels.ndim != 2 or size[0] * size[1] > 1 << 28:
        raise ValueError("its mask is no mask")
    left, top = (int(part) for part in points[0].round())
    whole = np.zeros(size[::-1], bool)
    part = pixels[max(0, -top) :, max(0, -left) :]
    room = whole[max(0, top) :, max(0, left) :]
    height, width = min(len(part), len(room)), min(part.shape[1], room.shape[1])
    room[:height, :width] = part[:height, :width]
    return Mask(rle=Mask(array=whole).rle)
