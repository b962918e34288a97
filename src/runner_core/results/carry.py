"""Carrying: the answer for a crop in pixels of the picture that the crop is of."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.frames.turned_crop import TurnedCrop
from runner_core.results.boxes import Crop, Matrix, clip_boxes, corners_to_centred
from runner_core.results.crops import wrap_angles
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask


def carry_to_picture(inference: Inference, crop: Crop | TurnedCrop, size: tuple[int, int], parent: int) -> Inference:
    """The answer for a crop of a (width, height) picture, in that picture's pixels; ``parent`` is its row.

    Boxes of a turned crop have an angle. A class map, a pixel map and a verdict are left out.
    """
    if isinstance(crop, TurnedCrop):
        columns = _turn_columns(inference, crop, size)
    else:
        columns = _move_columns(inference, crop, size)
    parents = np.full(len(inference), parent)
    return attrs.evolve(inference, size=size, class_map=None, pixel_map=None, verdict=None, parents=parents, **columns)


def straighten(inference: Inference) -> Inference:
    """Without angles where no box is turned: then boxes end at the edges of the picture, as upright ones do."""
    if inference.angles is None or inference.boxes is None or inference.angles.any():
        return inference
    return attrs.evolve(inference, boxes=clip_boxes(inference.boxes, inference.size), angles=None)


def _move_columns(inference: Inference, crop: Crop, size: tuple[int, int]) -> dict[str, Any]:
    x, y = crop[:2]
    boxes, points, masks = inference.boxes, inference.keypoints, inference.masks
    return {
        "boxes": None if boxes is None else boxes + np.array([x, y, x, y], np.float32),
        "keypoints": None if points is None else points + np.array([x, y, 0], np.float32),
        "masks": None if masks is None else tuple(_paste_mask(mask, crop, size) for mask in masks),
    }


def _paste_mask(mask: Mask, crop: Crop, size: tuple[int, int]) -> Mask:
    x1, y1, x2, y2 = crop
    whole = np.zeros(size[::-1], bool)
    whole[y1:y2, x1:x2] = mask.array
    return Mask(array=whole)


def _turn_columns(inference: Inference, crop: TurnedCrop, size: tuple[int, int]) -> dict[str, Any]:
    boxes, points, masks = inference.boxes, inference.keypoints, inference.masks
    own = np.zeros(len(inference)) if inference.angles is None else inference.angles.astype(np.float64)
    return {
        "boxes": None if boxes is None else _turn_boxes(boxes, crop),
        "angles": None if boxes is None else wrap_angles(crop.angle + (-own if crop.mirrored else own)),
        "keypoints": None if points is None else _turn_points(points, crop),
        "masks": None if masks is None else tuple(_turn_mask(mask, crop, size) for mask in masks),
    }


def _turn_boxes(boxes: NDArray[np.float32], crop: TurnedCrop) -> Matrix:
    """N x 4 boxes before they are turned about their centres by the crop's angle, besides their own."""
    centred = corners_to_centred(boxes)
    centres, halves = crop.to_picture(centred[:, :2]), centred[:, 2:] * crop.scale / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _turn_points(points: NDArray[np.float32], crop: TurnedCrop) -> NDArray[np.float32]:
    return np.concatenate([crop.to_picture(points[..., :2]), points[..., 2:]], axis=-1)


def _turn_mask(mask: Mask, crop: TurnedCrop, size: tuple[int, int]) -> Mask:
    """Each pixel of the picture is as the one of the crop's that its centre lies in."""
    (wide, high), whole = crop.pixels, np.zeros(size[::-1], bool)
    edges = crop.to_picture(np.array([[0, 0], [wide, 0], [wide, high], [0, high]]))
    (x1, y1), (x2, y2) = np.floor(edges.min(axis=0)).clip(0, size), np.ceil(edges.max(axis=0)).clip(0, size)
    x, y = np.meshgrid(np.arange(x1, x2), np.arange(y1, y2))
    column, row = np.floor(crop.from_picture(np.stack([x, y], axis=-1) + 0.5)).astype(int).transpose(2, 0, 1)
    inside = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
    whole[int(y1) : int(y2), int(x1) : int(x2)][inside] = mask.array[row[inside], column[inside]]
    return Mask(array=whole)
