"""PixelMap: a number for each pixel of the picture, such as an alpha matte or a heat map, and how JSON holds it."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.frames.placement import Placement
from runner_core.results.json_values import MOST_PIXELS, to_list, to_number, to_size, to_text

KINDS = ("alpha", "heat")
_DTYPES = ("uint8", "float32")
_USUAL_LIMITS = {"uint8": (0.0, 255.0), "float32": (0.0, 1.0)}

Window = tuple[float, float, float, float]


class PixelMap:
    """H x W numbers in the original picture's size: uint8 or float32, as the cells are.

    ``kind``    ``alpha``: how much of a pixel belongs to what was found; ``heat``: how strong something is there.
    ``cells``   h x w, as the model gave them, read-only. What is not a number becomes 0.
    ``shape``   (height, width) of the picture.
    ``window``  x1, y1, x2, y2: the part of the cells that the picture covers, in cells.
    ``limits``  the numbers that are drawn as nothing and as all of it: 0 and 255 for uint8, else 0 and 1.

    The cells are kept rather than the pixels: they are fewer, and JSON holds them without loss.
    """

    def __init__(
        self,
        kind: str,
        cells: NDArray[Any],
        shape: tuple[int, int],
        *,
        window: Window | None = None,
        limits: tuple[float, float] | None = None,
    ) -> None:
        """Raises ValueError for another kind or dtype, no cells, and a window that is not within them."""
        if kind not in KINDS or cells.dtype.name not in _DTYPES or cells.ndim != 2 or not cells.size:
            raise ValueError(f"a map {kind} of {cells.dtype} {list(cells.shape)}, not of uint8 or float32 cells")
        if min(shape) < 1 or shape[0] * shape[1] > MOST_PIXELS:
            raise ValueError(f"a map of {shape[1]} x {shape[0]} pixels")
        self.kind, self.shape = kind, shape
        self.cells = np.nan_to_num(cells, posinf=0, neginf=0) if cells.dtype.kind == "f" else cells.view()
        self.cells.flags.writeable = False
        high, wide = cells.shape
        x1, y1, x2, y2 = self.window = (0.0, 0.0, float(wide), float(high)) if window is None else window
        if not (0 <= x1 < x2 <= wide and 0 <= y1 < y2 <= high):
            raise ValueError(f"a window {self.window} of {wide} x {high} cells")
        self.limits = limits or _USUAL_LIMITS[cells.dtype.name]

    @classmethod
    def placed(cls, kind: str, cells: NDArray[Any], placement: Placement) -> PixelMap:
        """Of cells that span the tensor in which the picture has that placement, which crops nothing."""
        ratios = [count / side for count, side in zip(cells.shape[::-1], placement.tensor, strict=True)]
        starts = [offset * ratio for offset, ratio in zip(placement.offset, ratios, strict=True)]
        ends = [
            min(float(count), start + side * scale * ratio)  # rounding may lead a hair out of the cells
            for count, start, side, scale, ratio in zip(
                cells.shape[::-1], starts, placement.picture, placement.scale, ratios, strict=True
            )
        ]
        return cls(kind, cells, placement.picture[::-1], window=(starts[0], starts[1], ends[0], ends[1]))

    def with_pixels(self, pixels: NDArray[Any]) -> PixelMap:
        """The same kind of map of these pixels, H x W."""
        return PixelMap(self.kind, pixels, self.shape, limits=self.limits)

    @cached_property
    def array(self) -> NDArray[Any]:
        """H x W, read-only; resized when it is first read, and kept."""
        pixels = self.resize()
        pixels.flags.writeable = False
        return pixels

    def resize(self) -> NDArray[Any]:
        """H x W, as ``array``, and not kept: bilinear, the mean of all cells of a pixel where those are smaller."""
        image = Image.fromarray(self.cells)
        return np.array(image.resize(self.shape[::-1], Image.Resampling.BILINEAR, box=self.window))

    @property
    def levels(self) -> NDArray[np.uint8]:
        """H x W, 0 to 255 between the ``limits``: what drawing and cutting out need."""
        if self.cells.dtype == np.uint8 and self.limits == _USUAL_LIMITS["uint8"]:
            return self.array
        low, high = self.limits
        shares = (self.array.astype(np.float32) - low) / ((high - low) or 1.0)
        levels: NDArray[np.uint8] = np.rint(shares.clip(0, 1) * 255).astype(np.uint8)
        return levels

    def __eq__(self, other: object) -> bool:
        """Equal in all that JSON keeps, to the last bit."""
        return isinstance(other, PixelMap) and self._head == other._head and np.array_equal(self.cells, other.cells)

    def __hash__(self) -> int:
        return hash((self.kind, self.shape, self.cells.shape))

    def __repr__(self) -> str:
        return f"PixelMap({self.kind}, {self.shape[1]} x {self.shape[0]}, {self.cells.dtype})"

    @property
    def _head(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "size": list(self.shape), "cells": list(self.cells.shape),
            "dtype": self.cells.dtype.name, "window": list(self.window), "limits": list(self.limits),
        }  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """``size`` [H, W], the shape of the ``cells``, ``dtype``, ``window``, ``limits``; ``data``: the cells, row by
        row, little-endian, packed by zlib, in base64. Of a matte that is a fifth more than a PNG, which has no floats.
        """
        stored = self.cells.astype(self.cells.dtype.newbyteorder("<"), copy=False)
        return {**self._head, "data": base64.b64encode(zlib.compress(stored.tobytes())).decode("ascii")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PixelMap:
        """Reads ``to_json``. Raises KeyError for a missing field, ValueError for a wrong value or damaged data."""
        size, (high, wide), dtype = to_size(data["size"], "size"), to_size(data["cells"], "cells"), data["dtype"]
        if dtype not in _DTYPES:
            raise ValueError(f"a map of cells of {dtype!r}")
        stored = np.dtype(dtype).newbyteorder("<")
        packed = to_text(data["data"], "data")
        cells = np.frombuffer(_unpack(packed, high * wide * stored.itemsize), stored).reshape(high, wide)
        native = cells.astype(stored.newbyteorder("="), copy=False)
        x1, y1, x2, y2 = (to_number(each, "window") for each in to_list(data["window"], "window"))
        low, most = (to_number(each, "limits") for each in to_list(data["limits"], "limits"))
        return cls(to_text(data["kind"], "kind"), native, size, window=(x1, y1, x2, y2), limits=(low, most))


def _unpack(text: str, length: int) -> bytes:
    """That many bytes, and no more of a text that unpacks to any number. Raises ValueError for another number."""
    try:
        unpacked = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), length + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"a damaged map: {error}") from error
    if len(unpacked) != length:
        raise ValueError("a damaged map: its data do not fill its cells")
    return unpacked
