"""The Truth that the annotations of a picture make."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import LabelMap
from runner_core.datasets.annotation import Annotation, fit_annotation
from runner_core.datasets.example import Finding, Truth
from runner_core.datasets.polygons import fill_polygons
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask


def build_truth(
    size: tuple[int, int],
    annotations: Iterable[Annotation],
    *,
    kind: str,
    labels: LabelMap,
    keypoints: int = 0,
    turned: bool = False,
    findings: Iterable[Finding] = (),
) -> Truth:
    """The Truth of a picture of that (width, height): boxes, and masks if the ``kind`` is ``instance-segmentation``.

    What is odd is repaired or left out: unknown classes, boxes that reach out of the picture, have no area or are there
    twice.

    ``keypoints``  how many each row has; ``turned`` whether boxes have angles.
    ``findings``   what was odd before.
    """
    numbers = {label.name: label.model_id for label in labels.labels}
    found, rows = list(findings), dict[Hashable, Annotation]()
    for annotation in annotations:
        if annotation.label not in numbers:
            found.append(Finding(annotation.place, f"{annotation.label!r} is no class of the data set"))
            continue
        row, odd = fit_annotation(annotation, size)
        found += odd
        if row is None:
            continue
        if rows.setdefault(_identify(row), row) is not row:
            found.append(Finding(row.place, f"a box of {row.label} is there twice", "counted once"))
    kept = list(rows.values())
    columns: dict[str, Any] = {"boxes": np.array([row.box for row in kept], np.float32).reshape(-1, 4)}
    if turned:
        columns["angles"] = np.array([row.angle for row in kept], np.float32)
    if keypoints:
        columns["keypoints"] = _stack_keypoints(kept, keypoints)
    if kind == "instance-segmentation":
        columns["masks"] = tuple(_mask_of(row, size) for row in kept)
    ids = np.array([numbers[row.label] for row in kept], np.int64)
    answer = Inference(brain="", task=kind, size=size, labels=labels, model_ids=ids, **columns)
    ignored = frozenset(number for number, row in enumerate(kept) if row.ignored)
    return Truth(answer, ignored, tuple(found), _list_areas(kept))


def _list_areas(rows: Sequence[Annotation]) -> tuple[float, ...]:
    """Of all rows, or of none: where one lacks its area, the others are left to be measured alike."""
    areas = tuple(row.area for row in rows if row.area is not None)
    return areas if len(areas) == len(rows) else ()


def _identify(row: Annotation) -> Hashable:
    """What only another writing of the same thing has too: the class, and the place to a pixel."""
    if row.mask is not None or row.keypoints is not None:
        return id(row)
    shape = tuple(tuple(polygon.round().ravel().tolist()) for polygon in row.polygons)
    return row.label, tuple(map(round, row.box or ())), round(row.angle, 2), row.ignored, shape


def _stack_keypoints(rows: Sequence[Annotation], count: int) -> NDArray[np.float32]:
    """N x K x 3; those that a row does not have are not labelled."""
    column = np.zeros((len(rows), count, 3), np.float32)
    for number, row in enumerate(rows):
        if row.keypoints is not None:
            given = row.keypoints[:count]
            column[number, : len(given)] = np.where(given[:, 2:] > 0, given, 0)
    return column


def _mask_of(row: Annotation, size: tuple[int, int]) -> Mask:
    """The mask, that of the polygons, else the whole box."""
    if row.mask is not None:
        return row.mask
    polygons = [polygon for polygon in row.polygons if len(polygon) >= 3]
    if not polygons:
        x1, y1, x2, y2 = row.box or (0, 0, 0, 0)
        polygons = [np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)]
    return fill_polygons(polygons, size)
