"""What a model answers about a picture, whoever computed it."""

from __future__ import annotations

import attrs
import numpy as np


@attrs.frozen
class Box:
    """An object: class from 0, score from 0 to 1, xyxy in pixels of the picture."""

    label: int
    score: float
    xyxy: tuple[float, float, float, float]


@attrs.frozen
class Boxes:
    """Objects down to a low score; what scores ``least`` or more must be found by both sides.

    ``single``: all are of one class, whose number says nothing.
    """

    boxes: list[Box]
    least: float
    single: bool = False


@attrs.frozen(eq=False)
class Classes:
    """Scores of all classes: float64, [classes]."""

    scores: np.ndarray


@attrs.frozen(eq=False)
class ClassMap:
    """A class for each pixel of the picture: int, [height, width]."""

    labels: np.ndarray


@attrs.frozen(eq=False)
class Mask:
    """What each pixel of the picture scores for the one thing that is looked for: float, [height, width]."""

    scores: np.ndarray


@attrs.frozen(eq=False)
class Vector:
    """Numbers that are no classes: float, [numbers]."""

    values: np.ndarray


@attrs.frozen(eq=False)
class Points:
    """Points in pixels of the picture: float, [points, 2]."""

    xy: np.ndarray


@attrs.frozen(eq=False)
class Centres:
    """Centres of objects without a size, in pixels of the picture: float, [N, 2]; told to ``reach`` pixels."""

    xy: np.ndarray
    reach: float


@attrs.frozen
class Refusal:
    """No answer, and why not: what no family reads, or no engine opens."""

    reason: str


Answer = Boxes | Classes | ClassMap | Mask | Vector | Points | Centres | Refusal
