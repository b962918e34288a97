"""Targets: what a detector's head is to answer about a view, cell by cell."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_train.pictures import IGNORED
from runner_train.views import View

SPREAD = 0.16  # of a box's side: the deviation of the bell around its middle
CORE = 0.35  # a cell above this share of the bell's top answers for the box


@attrs.frozen
class Grid:
    """The cells of a view: ``wide`` x ``high`` of them, of which the ``best`` answer.

    ``reach`` is the usual distance from a cell to the sides of its object, x and y, as shares of the picture.
    """

    wide: int
    high: int
    best: int = 128
    reach: tuple[float, float] = (0.15, 0.15)

    def centres(self) -> NDArray[np.float32]:
        """Cells x 2: x and y of each cell's middle, as shares of the view, row by row."""
        x, y = ((np.arange(side, dtype=np.float32) + 0.5) / side for side in (self.wide, self.high))
        return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)


@attrs.frozen(eq=False)
class Targets:
    """``bells``      cells x classes: 1 at the middle of an object of the class, falling to 0; -1: do not ask.
    ``distances``  cells x 4: to the left, top, right, bottom of the object that the cell answers for, in shares.
    ``weights``    cells: how much that answer counts; 0 where there is no object.
    """

    bells: NDArray[np.float32]
    distances: NDArray[np.float32]
    weights: NDArray[np.float32]


def make_targets(view: View, grid: Grid, classes: int) -> Targets:
    centres = grid.centres()
    bells = np.zeros((len(centres), classes), np.float32)
    bells[:, [kind for kind in range(classes) if kind not in view.known]] = -1
    distances, weights = np.zeros((len(centres), 4), np.float32), np.zeros(len(centres), np.float32)
    for row in np.flatnonzero(view.classes >= 0):
        box, kind = view.boxes[row], view.classes[row]
        bell = _draw_bell(box, centres)
        bells[:, kind] = np.maximum(bells[:, kind], bell)
        mine = (bell > CORE) & (bell > weights)
        weights[mine] = bell[mine]
        distances[mine] = np.concatenate([centres[mine] - box[:2], box[2:] - centres[mine]], axis=1)
    for box in view.boxes[view.classes == IGNORED]:  # last: a bell's foot would ask again
        bells[np.all((centres > box[:2]) & (centres < box[2:]), axis=1) & (weights == 0)] = -1
    return Targets(bells, distances, weights)


def _draw_bell(box: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 at the cell nearest to the box's middle."""
    far = (centres - (box[:2] + box[2:]) / 2) / np.maximum((box[2:] - box[:2]) * SPREAD, 1e-4)
    steps = (far**2).sum(axis=1) / 2
    bell: NDArray[np.float32] = np.exp(np.minimum(steps.min() - steps, 0))
    return np.where(bell < 0.01, 0, bell).astype(np.float32)
