"""One picture's annotation as Pascal VOC writes it.

Format: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf, section 4.2, and VOC's ``Annotations``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray

from runner_core.results import Inference
from runner_export.naming import to_plain_text
from runner_export.places import find_boxes


def clean_label(name: str) -> str:
    """The label as one field of ``labelmap.txt`` and in XML."""
    return " ".join(to_plain_text(name).replace(":", " ").split()).lstrip("#") or "unnamed"


def format_annotation(
    file_name: str, size: tuple[int, int], inferences: Sequence[Inference], ignored: Collection[int] = ()
) -> bytes:
    """The XML of a picture with all that has a place in it; of no other ``size``, width and height, than theirs.

    A box is the first and the last pixel in both directions, counted from 1, as VOC has it; what lies outside the
    picture is left out. A score is an attribute, as CVAT writes those that VOC does not know. Rows that are ``ignored``
    are difficult.
    """
    root = Element("annotation")
    _add_texts(root, {"folder": "JPEGImages", "filename": to_plain_text(file_name)})
    _add_texts(SubElement(root, "source"), {"database": "runner"})
    width, height = size
    _add_texts(SubElement(root, "size"), {"width": width, "height": height, "depth": 3})
    _add_texts(root, {"segmented": 0})
    for inference in inferences:
        _add_objects(root, inference, ignored)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8")
    return text + b"\n"


def _add_objects(root: Element, inference: Inference, ignored: Collection[int]) -> None:
    boxes, inside = _to_pixels(find_boxes(inference), inference.size)
    for row in np.flatnonzero(inside).tolist():
        found = SubElement(root, "object")
        _add_texts(found, {"name": clean_label(inference.names[row]), "pose": "Unspecified"})
        _add_texts(found, {"truncated": 0, "difficult": int(row in ignored), "occluded": 0})
        _add_texts(SubElement(found, "bndbox"), dict(zip(("xmin", "ymin", "xmax", "ymax"), boxes[row], strict=True)))
        if inference.scores is not None:
            attribute = SubElement(SubElement(found, "attributes"), "attribute")
            _add_texts(attribute, {"name": "score", "value": inference.scores[row]})


def _to_pixels(boxes: NDArray[np.float32], size: tuple[int, int]) -> tuple[list[list[int]], NDArray[np.bool_]]:
    """N x 4: first and last pixels (x1, y1, x2, y2) from 1, at least one in both directions; which rows are inside."""
    clipped = boxes.clip(0, [*size, *size])
    inside = np.all(clipped[:, 2:] > clipped[:, :2], axis=1)  # NaN is not
    whole = np.nan_to_num(clipped).round().astype(int)
    first = np.minimum(whole[:, :2], np.array(size) - 1) + 1
    return np.concatenate([first, np.maximum(first, whole[:, 2:])], axis=1).tolist(), inside


def _add_texts(parent: Element, texts: dict[str, object]) -> None:
    for tag, text in texts.items():
        SubElement(parent, tag).text = str(text)
