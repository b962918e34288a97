"""CropRule: which part of a picture a model wants to see of what another one found there, and how it is turned."""

from __future__ import annotations

from math import isfinite
from typing import Literal, get_args

import attrs

Around = Literal["box", "line", "circle"]
AROUND = get_args(Around)


@attrs.frozen
class CropRule:
    """How a turned crop follows from an instance: around what, turned by which keypoints, moved and enlarged how far.

    ``line``       the numbers of two keypoints: the crop is turned until the line from the first to the second lies
                   in it as ``at`` says. None: it is turned as the instance's box is, whose ``angle`` most do not have.
    ``at``         degrees, counter-clockwise from the crop's x axis: 0 is to the right, 90 up.
    ``around``     what the crop begins with: the instance's ``box``; the upright box around both points of the
                   ``line``; or the square around the ``circle`` about its first point, through its second.
    ``shift``      x, y by which the centre moves along the crop's own axes, in shares of that box's width and height.
    ``square``     whether the longer side then becomes both.
    ``scale``      by which the sides are multiplied at last.
    ``mirrored``   whether the crop is shown as in a mirror, left and right exchanged.
    ``keypoints``  how many keypoints the instances have that the rule is for; None: any number.

    A wrong value is a ValueError. Source of the steps: github.com/google-ai-edge/mediapipe, calculators/util,
    ``detections_to_rects_calculator.cc``, ``alignment_points_to_rects_calculator.cc`` (the circle) and
    ``rect_transformation_calculator.cc``.
    """

    line: tuple[int, int] | None = None
    at: float = 0.0
    around: Around = attrs.field(default="box", validator=attrs.validators.in_(AROUND))
    shift: tuple[float, float] = (0.0, 0.0)
    square: bool = False
    scale: float = 1.0
    mirrored: bool = False
    keypoints: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.line is not None and (len(self.line) != 2 or min(self.line) < 0 or self.line[0] == self.line[1]):
            raise ValueError(f"line is {self.line}: it must be the numbers of two keypoints, from 0")
        if self.line is None and self.around != "box":
            raise ValueError(f"around is {self.around}: without a line there is only the box")
        if not (self.scale > 0 and all(map(isfinite, (self.scale, self.at, *self.shift)))):
            raise ValueError(
                f"scale is {self.scale}, at {self.at}, shift {self.shift}: all must be finite, scale above 0"
            )
