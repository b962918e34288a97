"""The orders in which models give the four numbers of a box."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from runner_core.results import Floats, centred_to_corners

YX_TO_XY = [1, 0, 3, 2]  # columns of a box or of an offset


def sized_to_corners(boxes: Floats) -> NDArray[np.float32]:
    """N x 4 left, top, width, height as xyxy."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]], axis=1).astype(np.float32, copy=False)


# By order, how the numbers become xyxy.
TO_CORNERS: dict[str, Callable[[Floats], Floats]] = {
    "xyxy": lambda boxes: boxes,
    "yxyx": lambda boxes: boxes[:, YX_TO_XY],
    "cxcywh": centred_to_corners,
    "xywh": sized_to_corners,
}
