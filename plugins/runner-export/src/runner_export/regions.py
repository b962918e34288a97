"""Regions: what brains found, as Label Studio draws it.

Format: https://labelstud.io/guide/predictions, and https://labelstud.io/tags for the regions of each control tag.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from runner_core.results import Inference, Instance, Verdict
from runner_export.categories import name_keypoints
from runner_export.naming import to_plain_text
from runner_export.outline import trace_outline
from runner_export.places import find_labelled, has_places, points_of

Region = dict[str, Any]

# control tag -> (name in the labeling config, type of its regions)
CONTROLS = {
    "RectangleLabels": ("box", "rectanglelabels"),
    "PolygonLabels": ("mask", "polygonlabels"),
    "KeyPointLabels": ("keypoint", "keypointlabels"),
    "Choices": ("class", "choices"),
}
_POINT_WIDTH = 0.5  # percent of the picture's width


def can_hold(inference: Inference) -> bool:
    """Whether it says where something is, or what the whole picture shows."""
    return has_places(inference) or inference.class_map is None


def list_regions(inference: Inference, prefix: str) -> list[Region]:
    """All that it found. ``prefix`` makes the regions' ids, which are unique in a task.

    A mask is a polygon; what has none is a rectangle, turned if its box is. Keypoints that are labelled are regions of
    their own, below that of their instance. The verdict is the choice, else the best label of an inference without
    places. Places are percents of the picture's width and height.
    """
    regions = [_make_choice(inference.verdict, f"{prefix}-verdict")] if inference.verdict else []
    if not has_places(inference):
        return regions or [_make_choice(instance, f"{prefix}-0") for instance in inference.instances[:1]]
    shapes, points = _list_shapes(inference), _list_points(inference)
    for instance, shape, each in zip(inference.instances, shapes, points, strict=True):
        name = f"{prefix}-{instance.id}"
        if shape:
            regions.append(_place(inference, _make_region(name, *shape, instance.label, instance.score)))
        parent = {"parentID": name} if shape else {}
        for number, (label, value, score) in enumerate(each):
            region = _make_region(f"{name}-{number}", "KeyPointLabels", value, label, score)
            regions.append(_place(inference, region) | parent)
    return regions


def _list_shapes(inference: Inference) -> list[tuple[str, Region] | None]:
    """The control tag and the value of each; None for keypoints alone, and for a mask without a pixel."""
    if inference.masks is not None:
        polygons = [trace_outline(mask.array) / inference.size * 100 for mask in inference.masks]
        return [
            ("PolygonLabels", {"points": each.tolist(), "closed": True}) if len(each) else None for each in polygons
        ]
    if inference.boxes is None:
        return [None] * len(inference)
    boxes, corners = inference.boxes.astype(float), inference.corners
    firsts = (boxes[:, :2] if corners is None else corners[:, 0]) / inference.size * 100
    sides = (boxes[:, 2:] - boxes[:, :2]) / inference.size * 100
    turns = np.zeros(len(boxes)) if inference.angles is None else np.degrees(inference.angles.astype(float)) % 360
    rows = np.column_stack([firsts, sides, turns])  # turned about the upper left corner, clockwise
    keys = ("x", "y", "width", "height", "rotation")
    return [("RectangleLabels", dict(zip(keys, row, strict=True))) for row in rows.tolist()]


def _list_points(inference: Inference) -> list[list[tuple[str, Region, float]]]:
    """Name, value and score of each labelled keypoint of each instance."""
    points, labelled = points_of(inference).astype(float), find_labelled(inference)
    places = points[..., :2] / inference.size * 100
    found = []
    for name, row, place, there in zip(inference.names, points, places, labelled, strict=True):
        names = name_keypoints(name, len(row))
        values = [{"x": x, "y": y, "width": _POINT_WIDTH} for x, y in place.tolist()]
        found.append([(names[k], values[k], float(row[k, 2])) for k in np.flatnonzero(there).tolist()])
    return found


def _make_choice(instance: Instance | Verdict, name: str) -> Region:
    return _make_region(name, "Choices", {}, instance.label, instance.score)


def _make_region(name: str, tag: str, value: Region, label: str, score: float | None) -> Region:
    from_name, kind = CONTROLS[tag]
    value = value | {kind: [to_plain_text(label)]}
    region: Region = {"id": name, "from_name": from_name, "to_name": "image", "type": kind, "value": value}
    return region if score is None else region | {"score": score}


def _place(inference: Inference, region: Region) -> Region:
    width, height = inference.size
    return region | {"original_width": width, "original_height": height, "image_rotation": 0}
