"""Anchors of YOLO v2, v3 and their kin: from a list beside the model, else those that such maps are published with.

Sources: github.com/AlexeyAB/darknet, cfg/yolov2.cfg, yolov2-tiny-voc.cfg, yolov3.cfg, yolov3-tiny.cfg;
github.com/openmv/openmv, ml/postprocessing/darknet.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.tasks import read_literal

VOC = 20  # classes
LARGEST_IN_CELLS = 32.0  # a list whose largest side is below counts in cells


@attrs.frozen
class Anchors:
    """Widths and heights of a network's boxes, as many for each stride, the finest first.

    ``unit``   in pixels of the input: 1, or the stride where sizes are in cells.
    ``known``  whether they belong to this very model.
    """

    name: str
    sizes: Sequence[tuple[float, float]]
    unit: float = 1.0
    known: bool = False

    def in_pixels(self) -> NDArray[np.float32]:
        """N x 2."""
        return np.array(self.sizes, np.float32) * np.float32(self.unit)


V2 = ((0.57273, 0.677385), (1.87446, 2.06253), (3.33843, 5.47434), (7.88282, 3.52778), (9.77052, 9.16828))
TINY_V2_VOC = ((1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52))
YOLO_LC = ((0.076023, 0.258508), (0.163031, 0.413531), (0.234769, 0.702585), (0.427054, 0.715892), (0.748154, 0.857092))
TINY_V3 = ((10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319))
V3 = ((10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326))


def choose_anchors(strides: tuple[int, ...], classes: int, each: int, metadata: Mapping[str, str]) -> Anchors | None:
    """``each`` for every stride, by the metadata or those that are usual; None for maps that none is published for."""
    given = _read_anchors(metadata, strides)
    if given and len(given.sizes) == each * len(strides):
        return given
    match strides:
        case (32,):
            return Anchors("YOLOv2-tiny's of VOC", TINY_V2_VOC, 32) if classes == VOC else Anchors("YOLOv2's", V2, 32)
        case (16,):
            return Anchors("YOLO LC's", YOLO_LC, 16)
        case (16, 32):
            return Anchors("YOLOv3-tiny's", TINY_V3)
        case (8, 16, 32):
            return Anchors("YOLOv3's", V3)
    return None


def _read_anchors(metadata: Mapping[str, str], strides: tuple[int, ...]) -> Anchors | None:
    """From a list of widths and heights in turn; the smallest belong to the finest map."""
    numbers = read_literal(metadata, "anchors")
    if not isinstance(numbers, list | tuple) or len(numbers) % 2 or not numbers:
        return None
    if not all(isinstance(number, int | float) and 0 < number < 1e5 for number in numbers):
        return None
    sizes = sorted(zip(numbers[::2], numbers[1::2], strict=True), key=lambda size: size[0] * size[1])
    in_cells = len(strides) == 1 and max(numbers) < LARGEST_IN_CELLS
    return Anchors("those beside the model", sizes, strides[0] if in_cells else 1.0, known=True)
