"""Cells: detectors without anchors give a row for each cell of their grids, stride after stride, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.errors import TaskError


def count_cells(size: tuple[int, int], *strides: int) -> int:
    """How many cells an input of (width, height) has in the grids of all strides: a part of a cell counts as one."""
    width, height = size
    return sum(-(-width // stride) * -(-height // stride) for stride in strides)


@lru_cache(maxsize=32)
def list_cells(size: tuple[int, int], strides: tuple[int, ...]) -> NDArray[np.float32]:
    """N x 3, read-only: the column and the line of each cell in its grid, and its stride in pixels."""
    width, height = size
    grids = []
    for stride in strides:
        lines, columns = np.indices((-(-height // stride), -(-width // stride)))
        grids.append(np.stack([columns.ravel(), lines.ravel(), np.full(columns.size, stride)], axis=1))
    cells = np.concatenate(grids).astype(np.float32)
    cells.flags.writeable = False
    return cells


def check_cells(card: Card, role: str, rows: int | None, size: tuple[int, int] | None, strides: Sequence[int]) -> None:
    """Raises TaskError where a tensor has another number of rows than there are cells; None: not known."""
    if rows is None or size is None:
        return
    cells = count_cells(size, *strides)
    if rows != cells:
        grids = ", ".join(map(str, strides))
        raise TaskError(
            f"brain {card.name}: {role} has {rows} rows, an input of {size[0]} x {size[1]} has {cells} cells",
            remedy=f"{card.task} reads a row for each cell of {grids} pixels",
        )
