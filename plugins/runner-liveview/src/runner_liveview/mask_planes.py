"""Planes: masks and class maps as small grey pictures that the page colours."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.drawing import count_classes
from runner_core.results import Inference

SIDE = 512  # pixels of the longer side, at most
MOST = 255  # values of a grey picture, beside 0


@attrs.frozen
class Plane:
    """A PNG in which 0 is nothing and v stands for ``values[v - 1]``: rows of masks, or model_ids of a class map."""

    kind: str
    values: tuple[int, ...]
    png: bytes

    def to_json(self) -> dict[str, Any]:
        """What the page needs to read the PNG."""
        return {"kind": self.kind, "values": self.values}


def planes_of(inference: Inference) -> Iterator[Plane]:
    """The plane of the class map and that of the masks; where masks overlap, the better one covers the other."""
    if inference.class_map is not None:
        yield _make_plane("classes", *_map_classes(inference, inference.class_map))
    if inference.masks and inference.size[0] * inference.size[1]:
        yield _make_plane("rows", *_map_rows(inference))


def _map_classes(inference: Inference, class_map: NDArray[np.integer]) -> tuple[tuple[int, ...], NDArray[np.uint8]]:
    counts = count_classes(inference)
    values = tuple(sorted(counts, key=lambda number: -counts[number])[:MOST])
    small = _thin_out(class_map)
    plane = np.zeros(small.shape, np.uint8)
    for value, number in enumerate(values, 1):
        plane[small == number] = value
    return values, plane


def _map_rows(inference: Inference) -> tuple[tuple[int, ...], NDArray[np.uint8]]:
    masks = (inference.masks or ())[:MOST]
    plane = np.zeros(_thin_out(masks[0].array).shape, np.uint8)
    for row in range(len(masks) - 1, -1, -1):
        plane[_thin_out(masks[row].array)] = row + 1
    return tuple(range(len(masks))), plane


def _thin_out(array: NDArray[Any]) -> NDArray[Any]:
    """Every n-th row and column, so that the longer side is at most ``SIDE``."""
    step = -(-max(array.shape) // SIDE)
    return array[:: max(step, 1), :: max(step, 1)]


def _make_plane(kind: str, values: tuple[int, ...], plane: NDArray[np.uint8]) -> Plane:
    stream = io.BytesIO()
    Image.fromarray(plane).save(stream, "PNG", compress_level=1)
    return Plane(kind, values, stream.getvalue())
