"""TurnedCrop: a rectangle of a picture, turned about its centre; its pixels, and the way from it to the picture."""

from __future__ import annotations

from math import cos, sin

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.frames.resize import BAND_LINES, Pixels, blend

LONGEST = 4096  # pixels of a side, so that a wild keypoint does not ask for more than the memory holds

Along = NDArray[np.float64]


@attrs.frozen
class TurnedCrop:
    """A rectangle in pixels of a picture: where its ``centre`` (x, y) is, its ``size`` (width, height), how it lies.

    ``angle``     radians by which it is turned about its centre, clockwise as the picture is seen.
    ``mirrored``  whether it is shown with left and right exchanged.

    It may reach out of the picture.
    """

    centre: tuple[float, float]
    size: tuple[float, float]
    angle: float = 0.0
    mirrored: bool = False

    @property
    def pixels(self) -> tuple[int, int]:
        """(width, height) of the crop as a picture of its own: whole pixels, as large as the picture's."""
        shrunk = min(1.0, LONGEST / max(self.size))
        return max(1, round(self.size[0] * shrunk)), max(1, round(self.size[1] * shrunk))

    @property
    def scale(self) -> tuple[float, float]:
        """Picture pixels in one of the crop's, across and down."""
        return self.size[0] / self.pixels[0], self.size[1] / self.pixels[1]

    @property
    def matrix(self) -> NDArray[np.float64]:
        """2 x 3: a point in the crop's own pixels, and 1, becomes the point in the picture's."""
        across = np.array([cos(self.angle), sin(self.angle)]) * self.scale[0] * (-1 if self.mirrored else 1)
        down = np.array([-sin(self.angle), cos(self.angle)]) * self.scale[1]
        middle = np.array(self.pixels) / 2
        return np.column_stack([across, down, self.centre - across * middle[0] - down * middle[1]])

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """x, y pairs (last axis) in pixels of the picture instead of the crop's own."""
        matrix = self.matrix
        carried: NDArray[np.float32] = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        return carried

    def from_picture(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """x, y pairs (last axis) in the crop's own pixels instead of the picture's."""
        matrix = self.matrix
        carried: NDArray[np.float64] = (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
        return carried


def read_turned(pixels: Pixels, crop: TurnedCrop, columns: Along, lines: Along) -> Pixels:
    """The picture's colours at the points of a grid, in one step: len(lines) x len(columns) x 3, from H x W x 3.

    ``columns`` and ``lines`` are the points' x and y in the crop's own pixels. Two taps an axis, half-pixel centres;
    out of the picture its edge is repeated, as in MediaPipe's graphs of landmarks: they set no border mode, which
    ``calculators/tensor/image_to_tensor_utils.cc`` takes for ``kReplicate``; that of the iris sets it.
    """
    taps = _Taps(np.ascontiguousarray(pixels), crop.matrix)
    result = np.empty((len(lines), len(columns), 3), np.uint8)
    for start in range(0, len(lines), BAND_LINES):
        band = slice(start, start + BAND_LINES)
        taps.read(columns, lines[band, None], result[band])
    return result


@attrs.frozen(eq=False)
class _Taps:
    """Reads a contiguous picture between its pixels."""

    pixels: Pixels
    matrix: NDArray[np.float64]

    def read(self, x: Along, y: Along, result: Pixels) -> None:
        """Channel by channel, since numpy is quicker on numbers than on pixels of three."""
        (left, right, across), (upper, lower, down) = (self._split(axis, x, y) for axis in (0, 1))
        corners = np.stack([upper + left, upper + right, lower + left, lower + right])
        flat = self.pixels.reshape(-1)
        for channel in range(3):
            one, two, three, four = flat[channel:].take(corners)
            result[..., channel] = blend(blend(one, two, across), blend(three, four, across), down)

    def _split(self, axis: int, x: Along, y: Along) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]:
        """Where in the flat picture the two pixels around each point are, and the second's weight in 256ths."""
        last, step = self.pixels.shape[1 - axis] - 1, 3 * (self.pixels.shape[1] if axis else 1)
        across, down, start = self.matrix[axis]
        place = (across * x + down * y + (start - 0.5)).clip(0, last).astype(np.float32)
        first = place.astype(np.intp)
        return first * step, np.minimum(first + 1, last) * step, np.rint((place - first) * 256).astype(np.uint16)
