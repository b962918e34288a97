"""Antialiasing: each pixel of the result is a mean of all that it covers, weighted by a triangle.

So do Pillow's ``BILINEAR`` and ``tf.image.resize(..., antialias=True)``; the weights are those of TensorFlow's kernel
``triangle`` (tensorflow/core/kernels/image/scale_and_translate_op.cc). Enlarged, it is bilinear.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

# A matrix product larger than this would be shared out among threads, which other brains need.
LINES, VALUES = 16, 288


@attrs.frozen(eq=False)
class Axis:
    """One axis: where the centres of the result's pixels lie in the picture, and how many of its pixels one covers."""

    centres: NDArray[np.float64]
    covered: float

    def blocks(self, side: int) -> Iterator[tuple[slice, slice, NDArray[np.float32]]]:
        """A few lines of the result, those of a picture with ``side`` lines that they come from, and the weights."""
        reach = max(1.0, self.covered)
        for start in range(0, len(self.centres), LINES):
            centres = self.centres[start : start + LINES]
            first = max(0, int(np.ceil(centres[0] - reach - 0.5)))
            last = min(side, int(np.floor(centres[-1] + reach - 0.5)) + 1)
            middles = np.arange(first, last) + 0.5
            weights = np.maximum(0, 1 - np.abs(middles - centres[:, None]) / reach)
            weights /= weights.sum(axis=1, keepdims=True)
            yield slice(start, start + len(centres)), slice(first, last), weights.astype(np.float32)


def antialiased(pixels: NDArray[np.uint8], across: Axis, down: Axis) -> NDArray[np.float32]:
    """H x W x 3 pixels as h x w x 3, not rounded."""
    height, width, _ = pixels.shape
    lines = _mixed(pixels.reshape(height, -1), down)
    columns = lines.reshape(len(lines), width, 3).swapaxes(0, 1).reshape(width, -1)
    return _mixed(columns, across).reshape(-1, len(lines), 3).swapaxes(0, 1)


def _mixed(lines: NDArray[np.generic], axis: Axis) -> NDArray[np.float32]:
    """Means of the lines, a block at a time so that all stays in the processor's cache."""
    side, length = lines.shape
    result = np.empty((len(axis.centres), length), np.float32)
    even = length - length % VALUES
    for to, of, weights in axis.blocks(side):
        seen = lines[of].astype(np.float32)
        np.matmul(weights, _parted(seen[:, :even]), out=_parted(result[to, :even]))
        np.matmul(weights, seen[:, even:], out=result[to, even:])
    return result


def _parted(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut across: a view of L x (P * VALUES) as P x L x VALUES."""
    return lines.reshape(len(lines), -1, VALUES).swapaxes(0, 1)
