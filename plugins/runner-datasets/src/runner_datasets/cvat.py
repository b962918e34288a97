"""CVAT for images 1.1: one ``annotations.xml`` for all pictures. CVAT's COCO and VOC exports are read as these.

Format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Annotation, Dataset, Finding
from runner_core.errors import DatasetError
from runner_core.results import Mask
from runner_datasets.files import MOST_JSON, Pictures, find_files, read_head, to_part
from runner_datasets.listed import Listed, build_dataset
from runner_datasets.shapes import make_ellipse
from runner_datasets.xml_tree import Element, read_xml

_LOOKED_AT = 5  # files
_MOST_PIXELS = 1 << 28


class Cvat:
    """``annotations.xml`` with the pictures in or below its folder, or a folder with such a file.

    Boxes may be turned; polygons, ellipses and masks are masks; skeletons are keypoints; tags are classes of the whole
    picture. Lines and single points are left out. A picture without shapes is one of nothing.
    """

    options: tuple[str, ...] = ()

    def recognise(self, place: Path) -> float:
        return 1.0 if _find_file(place) else 0.0

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:  # noqa: ARG002  # it has none
        path = _find_file(place)
        if path is None:
            raise DatasetError(f"{place}: no annotations.xml of CVAT", remedy="export as `CVAT for images 1.1`")
        root = read_xml(path, MOST_JSON)
        if root.tag != "annotations":
            raise DatasetError(f"{path}:{root.line}: not of CVAT, but <{root.tag[:40]}>")
        listed = [_read_image(image, path) for image in root.find_all("image")]
        if not listed:
            raise DatasetError(
                f"{path}: it lists no pictures", remedy="CVAT's format for videos has tracks: use images"
            )
        return build_dataset(place, Pictures(path.parent), listed, names=_read_names(root), near=path.parent)


def _find_file(place: Path) -> Path | None:
    files = [place] if place.is_file() else find_files(place, ".xml")[:_LOOKED_AT] if place.is_dir() else []
    return next((path for path in files if "<annotations>" in read_head(path, 4096)), None)


def _read_names(root: Element) -> list[str]:
    """The labels that are defined, in their order; those that are parts of skeletons are none."""
    meta = root.find("meta")
    holders = [meta, *(child for child in meta.children)] if meta else []
    lists = [labels for holder in holders if holder for labels in holder.find_all("labels")]
    found = [label for labels in lists for label in labels.find_all("label") if not label.text_of("parent")]
    return [label.text_of("name") for label in found]


def _read_image(image: Element, path: Path) -> Listed:
    rows, findings, tags = [], [], []
    size = _read_size(image)
    for shape in image.children:
        place = f"{path}:{shape.line}"
        label = shape.attributes.get("label", "")
        if shape.tag == "tag":
            tags.append(label)
            continue
        try:
            rows.append(_read_shape(shape, label, place, size))
        except (KeyError, ValueError, OverflowError) as error:
            findings.append(Finding(place, f"a {shape.tag[:20]} of {label} that cannot be read ({error})"))
    name = image.attributes.get("name", "")
    part = to_part(image.attributes.get("subset", ""))
    return Listed(name, f"{path}:{image.line}", size, tuple(rows), tuple(tags), tuple(findings), part)


def _read_size(image: Element) -> tuple[int, int] | None:
    try:
        return int(image.attributes["width"]), int(image.attributes["height"])
    except (KeyError, ValueError):
        return None


def _read_shape(shape: Element, label: str, place: str, size: tuple[int, int] | None) -> Annotation:
    """Raises ValueError or KeyError for what cannot be read."""
    given = shape.attributes
    turn = math.radians(float(given.get("rotation", "0")))
    if shape.tag == "box":
        x1, y1, x2, y2 = (float(given[key]) for key in ("xtl", "ytl", "xbr", "ybr"))
        return Annotation(label, place, (x1, y1, x2, y2), angle=turn)
    if shape.tag == "polygon":
        return Annotation(label, place, polygons=[_read_points(given["points"])])
    if shape.tag == "ellipse":
        x, y, across, down = (float(given[key]) for key in ("cx", "cy", "rx", "ry"))
        return Annotation(label, place, polygons=[make_ellipse(x, y, across, down, turn)])
    if shape.tag == "mask" and size:
        return Annotation(label, place, mask=_read_mask(given, size))
    if shape.tag == "skeleton":
        return Annotation(label, place, keypoints=_read_skeleton(shape))
    raise ValueError("neither a box nor a polygon, an ellipse, a mask or a skeleton")


def _read_points(text: str) -> NDArray[np.float64]:
    return np.array([[float(part) for part in point.split(",")] for point in text.split(";")], np.float64).reshape(
        -1, 2
    )


def _read_skeleton(shape: Element) -> NDArray[np.float32]:
    """K x 3, in the order of the file. Those ``outside`` are not labelled, ``occluded`` ones hidden."""
    rows = []
    for point in shape.find_all("points"):
        x, y = _read_points(point.attributes["points"])[0].tolist()
        hidden, absent = point.attributes.get("occluded") == "1", point.attributes.get("outside") == "1"
        rows.append((x, y, 0.0 if absent else 0.5 if hidden else 1.0))
    return np.array(rows, np.float32).reshape(-1, 3)


def _read_mask(given: Mapping[str, str], size: tuple[int, int]) -> Mask:
    """Run lengths of the part of the picture that begins at ``left`` and ``top``, row by row, outside first."""
    left, top, width, height = (int(float(given[key])) for key in ("left", "top", "width", "height"))
    runs = [int(run) for run in given["rle"].split(",")]
    if size[0] * size[1] > _MOST_PIXELS or min(left, top) < 0 or left + width > size[0] or top + height > size[1]:
        raise ValueError("its mask reaches out of the picture")
    if min(runs) < 0 or sum(runs) != width * height:
        raise ValueError(f"its run lengths do not fill {width} x {height} pixels")
    whole = np.zeros(size[::-1], bool)
    whole[top : top + height, left : left + width] = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(
        height, width
    )
    return Mask(rle=Mask(array=whole).rle)
