"""Crops: the parts of a picture that a second brain looks into.

A ``Crop`` is upright and shares its pixels with the picture; a ``TurnedCrop`` follows from a ``CropRule``.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import pi, radians

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.crop_rule import CropRule
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.frames.turned_crop import TurnedCrop
from runner_core.frames.turned_frame import TurnedFrame
from runner_core.results.boxes import Crop, Matrix, are_usable, boxes_to_crops, clip_boxes, turn_boxes
from runner_core.results.combine import boxes_of
from runner_core.results.inference import Inference


def find_crops(found: Inference, rules: Iterable[CropRule], margin: float = 0.0) -> list[tuple[int, Crop | TurnedCrop]]:
    """Rows and their crops, of each rule one, without those that have no pixel in the picture.

    Where no rule is for so many keypoints, crops are the rows' boxes, upright. ``margin`` widens each by that share of
    its sides. Raises UsageError where a rule needs boxes or keypoints that the answer does not have.
    """
    if not len(found):  # which may have no columns either
        return []
    count = None if found.keypoints is None else found.keypoints.shape[1]
    fitting = [rule for rule in rules if rule.keypoints in (None, count)]
    if not fitting:
        upright = boxes_to_crops(boxes_of(found), found.size, margin)
        return [(row, crop) for row, crop in enumerate(upright) if crop]
    turned = [turn_crops(found, rule, margin) for rule in fitting]
    return [(row, crop) for row, each in enumerate(zip(*turned, strict=True)) for crop in each if crop]


@np.errstate(invalid="ignore", over="ignore")  # what is not finite is passed over
def turn_crops(found: Inference, rule: CropRule, margin: float = 0.0) -> list[TurnedCrop | None]:
    """The crop of each row by the rule; None for one that is not finite, or lies outside the picture."""
    boxes, angles = _begin_boxes(found, rule)
    centres, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    cosine, sine = np.cos(angles), np.sin(angles)
    right, down = (sides * rule.shift).T
    centres = centres + np.stack([right * cosine - down * sine, right * sine + down * cosine], axis=1)
    if rule.square:
        sides = np.repeat(sides.max(axis=1, keepdims=True), 2, axis=1)
    sides = sides * rule.scale * (1 + 2 * margin)
    placed = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
    corners = turn_boxes(placed, angles)
    outer = clip_boxes(np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1), found.size)
    usable = are_usable(placed) & are_usable(outer)
    crops = zip(centres.tolist(), sides.tolist(), angles.tolist(), strict=True)
    return [
        TurnedCrop((x, y), (width, height), angle, rule.mirrored) if fits else None
        for fits, ((x, y), (width, height), angle) in zip(usable, crops, strict=True)
    ]


def _begin_boxes(found: Inference, rule: CropRule) -> tuple[Matrix, Matrix]:
    """N x 4 boxes that the crops begin with, and the N radians by which these are turned about their centres."""
    if rule.line is None:
        upright = boxes_of(found)
        if found.boxes is None or found.angles is None:
            return upright, np.zeros(len(upright))
        return found.boxes.astype(np.float64), found.angles.astype(np.float64)
    start, end = _read_line(found, rule.line)
    x, y = (end - start).T
    angles = wrap_angles(radians(rule.at) - np.arctan2(-y, x))  # the y of a picture is downwards
    if rule.around == "box":
        return boxes_of(found), angles
    if rule.around == "line":
        return np.concatenate([np.minimum(start, end), np.maximum(start, end)], axis=1), angles
    reach = np.hypot(x, y)[:, None]
    return np.concatenate([start - reach, start + reach], axis=1), angles


def _read_line(found: Inference, line: tuple[int, int]) -> tuple[Matrix, Matrix]:
    """N x 2 each: the points of those numbers."""
    count = 0 if found.keypoints is None else found.keypoints.shape[1]
    if found.keypoints is None or max(line) >= count:
        raise UsageError(
            f"brain {found.brain} gives {count} keypoints, none of the number {max(line)}",
            remedy="align by two that it gives, counted from 0; or without any, by align=none",
        )
    points = found.keypoints[..., :2].astype(np.float64)
    return points[:, line[0]], points[:, line[1]]


def wrap_angles(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same directions in radians from -pi to pi."""
    wrapped: NDArray[np.float64] = (angles + pi) % (2 * pi) - pi
    return wrapped


def cut_frame(frame: Frame, crop: Crop | TurnedCrop) -> Frame:
    """The crop as a frame; an upright one shares its pixels with the picture."""
    if isinstance(crop, TurnedCrop):
        return TurnedFrame(frame, crop)
    x1, y1, x2, y2 = crop
    return Frame.from_array(frame.pixels[y1:y2, x1:x2], source=frame.source, index=frame.index, time=frame.time)
