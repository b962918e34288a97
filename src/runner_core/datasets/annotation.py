"""Annotation: one thing in a picture, as a file of labels has it, and what becomes of one that does not fit."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets.example import Finding
from runner_core.datasets.polygons import Points
from runner_core.results.boxes import turn_boxes
from runner_core.results.mask import Mask

_ROUNDING = 1.0  # pixels by which a box may reach out of its picture without being worth a word
_LEAST_SIDE = 1.0  # pixels; a narrower box was a slip of the hand
_FARTHEST = 1e7  # pixels: no number of a label is larger

Box = tuple[float, float, float, float]


@attrs.frozen(eq=False)
class Annotation:
    """One thing in a picture, all in pixels of the upright picture.

    ``label``      the name of its class.
    ``place``      where it is written: the file, with ``:line`` where it has lines.
    ``box``        x1, y1, x2, y2; None where it follows from what else is known. ``angle``, in radians clockwise about
                   its centre, as in an Inference.
    ``polygons``   each M x 2 of x, y: what is in any of them; ``mask`` the same as pixels.
    ``keypoints``  K x 3 of x, y and score: 1 visible, 0.5 hidden, 0 not labelled.
    ``ignored``    whether it counts neither as found nor as missed.
    ``area``       in square pixels, where the file says it.
    """

    label: str
    place: str
    box: Box | None = None
    angle: float = 0.0
    polygons: Sequence[Points] = ()
    mask: Mask | None = None
    keypoints: NDArray[np.float32] | None = None
    ignored: bool = False
    area: float | None = None


def fit_annotation(annotation: Annotation, size: tuple[int, int]) -> tuple[Annotation | None, tuple[Finding, ...]]:
    """The annotation with a box that lies in the picture of that (width, height), or None; and what was odd about it.

    A turned box may reach out of the picture, as in an Inference.
    """
    place, label = annotation.place, annotation.label
    if annotation.mask is not None and annotation.mask.shape != size[::-1]:
        height, width = annotation.mask.shape
        return None, (Finding(place, f"a mask of {width} x {height} on a picture of {size[0]} x {size[1]}"),)
    given = _find_box(annotation)
    if given is None or not _is_sound(annotation, given):
        return None, (Finding(place, f"{label} has no place in the picture"),)
    box = np.concatenate([np.minimum(given[:2], given[2:]), np.maximum(given[:2], given[2:])])
    inner = _outer_box(box, annotation.angle).clip(0, [*size, *size])
    fault = _find_fault(box, inner)
    if fault:
        return None, (Finding(place, f"a box of {label} {fault}: {' '.join(f'{value:.6g}' for value in given)}"),)
    found = (
        [] if np.array_equal(box, given) else [(f"the corners of a box of {label} are in the wrong order", "swapped")]
    )
    beyond = np.abs(inner - box).max()
    if beyond > _ROUNDING and not annotation.angle:
        found.append((f"a box of {label} reaches {beyond:.0f} pixels out of the picture", "cut at its border"))
    x1, y1, x2, y2 = (box if annotation.angle else inner).tolist()
    findings = tuple(Finding(place, message, repaired) for message, repaired in found)
    return attrs.evolve(annotation, box=(x1, y1, x2, y2)), findings


def _find_box(annotation: Annotation) -> NDArray[np.float64] | None:
    """The box that is given, else that around the polygons, the mask or the labelled keypoints."""
    if annotation.box is not None:
        return np.array(annotation.box, np.float64)
    points = [polygon for polygon in annotation.polygons if len(polygon)]
    if not points and annotation.mask is not None:
        pixels = np.argwhere(annotation.mask.array)[:, ::-1].astype(np.float64)
        points = [pixels, pixels + 1]
    if not points and annotation.keypoints is not None:
        points = [annotation.keypoints[annotation.keypoints[:, 2] > 0, :2].astype(np.float64)]
    every = np.concatenate(points) if points else np.empty((0, 2))
    return np.concatenate([every.min(axis=0), every.max(axis=0)]) if len(every) else None


def _is_sound(annotation: Annotation, box: NDArray[np.float64]) -> bool:
    """Whether all numbers are such that can be reckoned with. NaN is not less than anything."""
    points = () if annotation.keypoints is None else (annotation.keypoints,)
    arrays = (box, np.array([annotation.angle]), *annotation.polygons, *points)
    return all(bool((np.abs(array) < _FARTHEST).all()) for array in arrays)


def _outer_box(box: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    if not angle:
        return box
    corners = turn_boxes(box[None], np.array([angle]))[0].astype(np.float64)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def _find_fault(box: NDArray[np.float64], inner: NDArray[np.float64]) -> str:
    """Why a box is left out, from itself and its part in the picture; empty where nothing is wrong."""
    if (box[2:] <= box[:2]).any():
        return "has no area"
    if (inner[2:] <= inner[:2]).any():
        return "is outside of the picture"
    return "is no more than one pixel wide" if (inner[2:] - inner[:2] <= _LEAST_SIDE).any() else ""
