"""Pixel: what a tensor behind a picture input holds at one place of the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


@attrs.frozen(eq=False)
class Pixel:
    """A tensor as if the picture had one pixel: each of its numbers is a sum of the input's channels.

    ``sums``  the tensor's axes, all of length 1 but that of the channels; then the weight of each channel of the input,
              and last what is added.
    """

    sums: Values

    @classmethod
    def of_input(cls, channels: int, axis: int, rank: int) -> Pixel:
        """The input itself: ``channels`` of it on that axis, from the end."""
        shape = [1] * rank
        shape[axis] = channels
        return cls(np.eye(channels, channels + 1).reshape(*shape, channels + 1))

    @property
    def rank(self) -> int:
        return self.sums.ndim - 1

    @property
    def weights(self) -> Values:
        """Channels of this tensor x channels of the input."""
        flat: Values = self.sums.reshape(-1, self.sums.shape[-1])[:, :-1]
        return flat

    @property
    def shifts(self) -> Values:
        """What is added, for each channel of this tensor."""
        flat: Values = self.sums.reshape(-1, self.sums.shape[-1])[:, -1]
        return flat

    def move(self, change: Callable[[Values], Values]) -> Pixel:
        """With the numbers in other places, as ``change`` puts those of any array of the tensor's shape.

        Raises what ``change`` raises.
        """
        parts = [change(part) for part in np.moveaxis(self.sums, -1, 0)]
        return Pixel(np.stack(parts, -1))

    def scale(self, by: Values) -> Pixel:
        """Times a constant that broadcasts. Raises ValueError where it does not."""
        return Pixel(self.sums * self._align(by)[..., None])

    def shift(self, by: Values) -> Pixel:
        """Plus a constant that broadcasts. Raises ValueError where it does not."""
        moved = self.sums.copy()
        moved[..., -1] += self._align(by)
        return Pixel(moved)

    def plus(self, other: Pixel) -> Pixel:
        """Plus another tensor of the same picture. Raises ValueError where their shapes differ."""
        return Pixel(self.sums + other.sums)

    def _align(self, constant: Values) -> Values:
        """The constant for one place of the picture: along the picture's axes it must not change."""
        shape = self.sums.shape[:-1]
        if constant.size == 1:
            return constant.reshape(())
        if constant.size == max(shape, default=1):  # one for each channel, whatever axes of length 1 are around it
            return constant.reshape(shape)
        aligned = constant.reshape((1,) * (len(shape) - constant.ndim) + constant.shape)
        for axis, (have, want) in enumerate(zip(aligned.shape, shape, strict=True)):
            if have != want:
                first = np.take(aligned, [0], axis)
                if not np.allclose(aligned, first):
                    raise ValueError("a constant that differs from place to place")
                aligned = first
        return aligned
