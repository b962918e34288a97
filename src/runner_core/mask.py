"""Mask: which pixels of the picture belong to an instance."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Mask:
    """H x W booleans in the original picture's size, kept as an array, as COCO's compressed RLE, or both.

    The run-length form is that of pycocotools: column-major runs, packed six bits a character.
    """

    def __init__(self, *, array: NDArray[np.bool_] | None = None, rle: Mapping[str, Any] | None = None) -> None:
        if (array is None) == (rle is None):
            raise ValueError("a Mask is made of either an array or an RLE")
        if array is not None:
            self.array = array.astype(bool, copy=False)
        else:
            assert rle is not None
            self.rle = {"size": [int(part) for part in rle["size"]], "counts": str(rle["counts"])}

    @cached_property
    def array(self) -> NDArray[np.bool_]:
        """H x W bool."""
        from pycocotools import mask as coco

        return coco.decode({**self.rle, "counts": self.rle["counts"].encode()}).astype(bool)  # type: ignore[no-any-return]

    @cached_property
    def rle(self) -> dict[str, Any]:
        """``{"size": [height, width], "counts": "..."}``."""
        from pycocotools import mask as coco

        packed = coco.encode(np.asfortranarray(self.array, dtype=np.uint8))
        return {"size": [int(part) for part in packed["size"]], "counts": packed["counts"].decode()}

    @cached_property
    def area(self) -> int:
        """How many pixels."""
        return int(np.count_nonzero(self.array))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and self.rle == other.rle

    def __hash__(self) -> int:
        return hash(self.rle["counts"])

    def __repr__(self) -> str:
        height, width = self.rle["size"]
        return f"Mask({width} x {height}, area={self.area})"
