"""Mask: which pixels of the picture belong to an instance."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.results.json_values import MOST_PIXELS
from runner_core.results.run_lengths import Runs, check_runs, fill_runs, pack_runs, runs_of, unpack_runs


class Mask:
    """H x W booleans in the original picture's size, read-only, kept as an array, as COCO's compressed RLE, or both.

    The run-length form is that of pycocotools: column-major runs, packed as text.
    """

    shape: tuple[int, int]
    """(height, width)."""

    def __init__(self, *, array: NDArray[np.bool_] | None = None, rle: Mapping[str, Any] | None = None) -> None:
        """Raises ValueError for what is not a mask. A damaged RLE is noticed when its pixels are first read."""
        if array is not None and rle is None:
            self.array = _freeze(array)
            height, width = array.shape
        elif rle is not None and array is None:
            self.rle = {"size": [int(part) for part in rle["size"]], "counts": _read_counts(rle["counts"])}
            height, width = self.rle["size"]
        else:
            raise ValueError("a Mask is made of either an array or an RLE")
        if min(height, width) < 0 or height * width > MOST_PIXELS:
            raise ValueError(f"a mask of {width} x {height} pixels")
        self.shape = (height, width)

    @cached_property
    def array(self) -> NDArray[np.bool_]:
        """H x W bool."""
        return _freeze(fill_runs(self.runs, self.shape))

    @cached_property
    def rle(self) -> dict[str, Any]:
        """``{"size": [height, width], "counts": "..."}``."""
        return {"size": list(self.shape), "counts": pack_runs(self.runs)}

    @cached_property
    def runs(self) -> Runs:
        """Lengths of the runs in pixels, outside and inside in turn. Raises ValueError for a damaged RLE."""
        # A subclass may draw its array when it is first read, so only a known RLE is unpacked.
        return unpack_runs(self.rle["counts"]) if "rle" in self.__dict__ else runs_of(self.array)

    def check(self) -> None:
        """Raises ValueError for a damaged RLE."""
        if "array" not in self.__dict__:
            check_runs(self.runs, self.shape)

    @cached_property
    def area(self) -> int:
        """In pixels."""
        return int(np.count_nonzero(self.array))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and self.rle == other.rle

    def __hash__(self) -> int:
        return hash(self.rle["counts"])

    def __reduce__(self) -> tuple[object, ...]:
        """Pickles as its RLE, which is many times smaller than its pixels."""
        return partial(Mask, rle=self.rle), ()

    def __repr__(self) -> str:
        return f"Mask({self.shape[1]} x {self.shape[0]})"


def _read_counts(counts: object) -> str:
    match counts:
        case str():
            return counts
        case bytes():
            return counts.decode("ascii")
    raise ValueError(f"the counts of an RLE are {type(counts).__name__}, not COCO's compressed text")


def _freeze(array: NDArray[Any]) -> NDArray[np.bool_]:
    view = array.astype(bool, copy=False).view()
    view.flags.writeable = False
    return view
