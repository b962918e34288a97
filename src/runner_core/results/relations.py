"""Relations: which finding of one brain lies in which finding of another."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.errors import UsageError
from runner_core.results.inference import Inference

Matrix = NDArray[np.float64]


@attrs.frozen(eq=False)
class Pairs:
    """K pairs of rows, in the order of alpha's rows; no alpha is there twice.

    ``alphas``        K int, rows of alpha; ``bravos`` the rows of bravo that they lie in.
    ``ious``          K float64, intersection over union.
    ``containments``  K float64, the share of alpha's area that is inside: 1 where all of it is.
    """

    alphas: NDArray[np.intp]
    bravos: NDArray[np.intp]
    ious: Matrix
    containments: Matrix

    def __len__(self) -> int:
        return len(self.alphas)


def nearest_iou(alpha: Inference, bravo: Inference, *, iou: float = 0.2, inside_iou: float = 0.01) -> Pairs:
    """Which alpha lies in which bravo: of all bravos that fit, the one of highest IoU.

    A bravo fits where their IoU is above ``iou``, or where it holds the whole box and their IoU is above
    ``inside_iou``. Raises UsageError for pictures of different sizes, or where one has rows and no boxes.
    """
    if alpha.size != bravo.size:
        raise UsageError(f"{alpha.brain} and {bravo.brain} looked at pictures of different sizes")
    ours, theirs = boxes_of(alpha), boxes_of(bravo)
    common = _intersections(ours, theirs)
    ious = _ious(common, ours, theirs)
    fits = (ious > iou) | (_inside(ours, theirs) & (ious > inside_iou))
    alphas = np.flatnonzero(fits.any(axis=1))
    bravos = np.where(fits, ious, -1)[alphas].argmax(axis=1) if len(alphas) else alphas
    contained = common[alphas, bravos] / areas(ours)[alphas]
    return Pairs(alphas, bravos, ious[alphas, bravos], contained)


def boxes_of(inference: Inference) -> Matrix:
    """N x 4 float64. Raises UsageError where there are rows without boxes."""
    if inference.boxes is None and len(inference):
        raise UsageError(f"brain {inference.brain} gives no boxes ({inference.task})", remedy="give one that does")
    return np.empty((0, 4)) if inference.boxes is None else inference.boxes.astype(np.float64)


def areas(boxes: Matrix) -> Matrix:
    """N areas in square pixels; 0 for a box that is inside out."""
    area: Matrix = (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1)
    return area


def box_ious(ours: Matrix, theirs: Matrix) -> Matrix:
    """A x B intersections over unions of A x 4 and B x 4 boxes; 0 where both are empty."""
    return _ious(_intersections(ours, theirs), ours, theirs)


def _intersections(ours: Matrix, theirs: Matrix) -> Matrix:
    least = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    most = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    common: Matrix = (least - most).clip(0).prod(axis=2)
    return common


def _ious(common: Matrix, ours: Matrix, theirs: Matrix) -> Matrix:
    union = areas(ours)[:, None] + areas(theirs) - common
    ious: Matrix = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return ious


def _inside(ours: Matrix, theirs: Matrix) -> NDArray[np.bool_]:
    """A x B, whether the box lies in the other, edges included."""
    begins = ours[:, None, :2] >= theirs[None, :, :2]
    ends = ours[:, None, 2:] <= theirs[None, :, 2:]
    within: NDArray[np.bool_] = np.all(begins & ends, axis=2)
    return within
