"""Anchors: the boxes that detectors correct, laid out over the cells of their maps, in schemes that many share.

A scheme is recognised by the number of its anchors for the size of the input. Anchors are N x 4 centre x, centre y,
width, height, normalised; cell by cell, line by line, map by map, as the networks' outputs are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import sqrt

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.frames import SIGNED, UNIT, Normalization

Size = tuple[int, int]  # (width, height)
Anchors = NDArray[np.float32]


@attrs.frozen
class Scheme:
    """How anchors are laid out for an input of a fixed (width, height), and how such networks are read.

    ``values``         how pixels become the input.
    ``order``          of an offset's numbers.
    ``background``     the class that no instance has.
    ``iou``            the overlap at which a box goes; ``threshold`` the least score.
    ``names``          the classes, where the scheme is one network's own.
    ``often_decoded``  whether many exports give boxes instead of offsets.
    """

    size: Size
    make: Callable[[], Anchors]
    values: Normalization
    order: str
    background: int | None
    iou: float
    names: tuple[str, ...] = ()
    threshold: float = 0.5
    often_decoded: bool = False


def make_grid(columns: int, rows: int, boxes: Sequence[tuple[float, float]]) -> Anchors:
    """Anchors of these (width, height) at the middle of each cell of a grid."""
    y, x = np.mgrid[:rows, :columns]
    centres = np.stack([(x + 0.5) / columns, (y + 0.5) / rows], axis=-1).reshape(-1, 1, 2)
    sides = np.broadcast_to(np.array(boxes, np.float64), (len(centres), len(boxes), 2))
    spread = np.broadcast_to(centres, (len(centres), len(boxes), 2))
    return np.concatenate([spread, sides], axis=-1).reshape(-1, 4).astype(np.float32)


def make_points(size: Size, strides: Sequence[int], *, each: int = 1) -> Anchors:
    """Anchors of the whole picture's size at the middle of each cell, ``each`` times a stride that is named.

    A stride that is named several times in a row is one grid with as many more anchors a cell. Source: MediaPipe's
    ``ssd_anchors_calculator.cc`` with ``fixed_anchor_size``.
    """
    parts = []
    for stride in dict.fromkeys(strides):
        columns, rows = (-(-side // stride) for side in size)
        parts.append(make_grid(columns, rows, [(1.0, 1.0)] * (each * strides.count(stride))))
    return np.concatenate(parts)


def make_aizoo() -> Anchors:
    """AIZOO's face mask detector. Source: github.com/AIZOOTech/FaceMaskDetection, ``utils/anchor_generator.py``."""
    sizes = ((0.04, 0.056), (0.08, 0.11), (0.16, 0.22), (0.32, 0.45), (0.64, 0.72))
    parts = []
    for side, (small, large) in zip((33, 17, 9, 5, 3), sizes, strict=True):
        boxes = [
            (small, small),
            (large, large),
            *((small * sqrt(ratio), small / sqrt(ratio)) for ratio in (0.62, 0.42)),
        ]
        parts.append(make_grid(side, side, boxes))
    return np.concatenate(parts)


def make_tf_ssd(maps: Iterable[int]) -> Anchors:
    """SSD of the TensorFlow Object Detection API with its default scales, 0.2 to 0.95 over six maps.

    Source: tensorflow/models, research/object_detection/anchor_generators/multiple_grid_anchor_generator.py,
    ``create_ssd_anchors``.
    """
    scales = [0.2 + 0.15 * layer for layer in range(6)] + [1.0]
    parts = []
    for layer, side in enumerate(maps):
        scale, following = scales[layer], scales[layer + 1]
        shapes = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)] if layer == 0 else [
            *((scale, ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 1 / 3)), (sqrt(scale * following), 1.0)
        ]  # fmt: skip
        parts.append(make_grid(side, side, [(size * sqrt(ratio), size / sqrt(ratio)) for size, ratio in shapes]))
    return np.concatenate(parts)


def make_ultraface(size: Size) -> Anchors:
    """UltraFace.

    Source: github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, ``vision/ssd/config/fd_config.py`` and
    ``generate_priors`` of ``vision/utils/box_utils.py``.
    """
    width, height = size
    steps = {8: (10, 16, 24), 16: (32, 48), 32: (64, 96), 64: (128, 192, 256)}
    grids = [
        make_grid(-(-width // step), -(-height // step), [(side / width, side / height) for side in sides])
        for step, sides in steps.items()
    ]
    return np.concatenate(grids).clip(0, 1)


ULTRAFACE = Normalization("from -1 to 1", (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
SCHEMES = {
    "aizoo-260": Scheme((260, 260), make_aizoo, UNIT, "xywh", None, 0.4, ("mask", "no mask")),
    "ultraface-320": Scheme(
        (320, 240), lambda: make_ultraface((320, 240)), ULTRAFACE, "xywh", 0, 0.3, ("face",), 0.7, True
    ),
    "ultraface-640": Scheme(
        (640, 480), lambda: make_ultraface((640, 480)), ULTRAFACE, "xywh", 0, 0.3, ("face",), 0.7, True
    ),
    "tf-ssd-300": Scheme((300, 300), lambda: make_tf_ssd((19, 10, 5, 3, 2, 1)), SIGNED, "yxhw", 0, 0.6),
    "tf-ssd-320": Scheme((320, 320), lambda: make_tf_ssd((20, 10, 5, 3, 2, 1)), SIGNED, "yxhw", 0, 0.6),
}


def find_scheme(count: int | None, size: Size | None) -> str | None:
    """The name of the scheme with so many anchors for an input of that size; None where there is none.

    Where the number is not known, None, the first for the size.
    """
    likely = (name for name, scheme in SCHEMES.items() if scheme.size == size)
    return next((name for name in likely if count is None or len(SCHEMES[name].make()) == count), None)
