"""Constant: values that a model file holds, such as weights, read when they are asked for."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import prod
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

_MOST_REPEATED = 1 << 24  # a file of a few bytes may claim any number
_FAULTS = (ValueError, TypeError, IndexError, OSError, OverflowError, MemoryError, struct.error)


@attrs.frozen(eq=False)
class Constant:
    """A tensor in the file.

    ``shape``, ``dtype``  of what is stored; the dtype is numpy's name, ``""`` for one that numpy lacks.
    ``load``   gives the stored values, flat: all of them, or one that stands for all.
    ``scale``, ``zero``, ``axis``  of quantised values: real = (stored - zero) * scale, one for all, or one for each
               position on the axis.
    """

    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], NDArray[Any]]
    scale: tuple[float, ...] = ()
    zero: tuple[int, ...] = ()
    axis: int = 0

    @property
    def size(self) -> int:
        """How many values it has."""
        return prod(self.shape)

    def read(self) -> NDArray[Any] | None:
        """The real values, of ``shape``, not to be written to; None where the file's bytes are something else.

        Values that are not quantised are not copied.
        """
        try:
            stored = self.load()
            if stored.size == 1 and self.size <= _MOST_REPEATED:
                stored = np.broadcast_to(stored.reshape(()), self.shape)
            shaped = stored.reshape(self.shape)
            return self._make_real(shaped) if self.scale else shaped
        except _FAULTS:
            return None

    def _make_real(self, stored: NDArray[Any]) -> NDArray[Any]:
        aligned = [1] * stored.ndim
        if len(self.scale) > 1:
            aligned[self.axis] = len(self.scale)
        scale = np.reshape(np.asarray(self.scale, np.float32), aligned)
        zero = np.reshape(np.asarray(self.zero or (0,) * len(self.scale), np.float32), aligned)
        with np.errstate(all="ignore"):  # a damaged scale may be any number
            return np.asarray((stored.astype(np.float32) - zero) * scale)


def view_bytes(data: Any, start: int, end: int, dtype: str) -> NDArray[Any]:
    """The bytes as flat values, little-endian, not copied. Raises ValueError where they are not whole values."""
    if not 0 <= start <= end <= len(data):
        raise ValueError(f"bytes {start} to {end} of {len(data)}")
    if dtype == "bfloat16":  # the upper half of a float32
        halves = np.frombuffer(memoryview(data)[start:end], "<u2")
        return (halves.astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(memoryview(data)[start:end], np.dtype(dtype).newbyteorder("<"))
