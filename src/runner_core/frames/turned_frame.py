"""TurnedFrame: a turned crop of a frame as a frame of its own."""

from __future__ import annotations

import numpy as np

from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import Placement, place_picture
from runner_core.frames.preprocess import Prepared, to_tensor
from runner_core.frames.resize import Pixels, compute_centres, surround
from runner_core.frames.turned_crop import TurnedCrop, read_turned

_AT_ONCE = ("bilinear", "opencv")  # ways to resize that read the picture between its pixels, as turning does


class TurnedFrame(Frame):
    """What a turned crop shows of a frame. Tensors of a fixed size come from the frame's pixels in one resampling."""

    def __init__(self, frame: Frame, crop: TurnedCrop) -> None:
        super().__init__(source=frame.source, pixels=self._render_pixels, index=frame.index, time=frame.time)
        self._whole, self._crop = frame, crop
        self._memo.put("size", crop.pixels)

    def _render_pixels(self) -> Pixels:
        columns, lines = (np.arange(side, dtype=np.float64) + 0.5 for side in self.size)
        return read_turned(self._whole.pixels, self._crop, columns, lines)

    def _prepare(self, spec: PictureSpec) -> Prepared:
        if spec.encoded or spec.size is None or spec.resample not in _AT_ONCE:
            return super()._prepare(spec)
        placement = place_picture(self.size, spec)
        resized = self._memo.get_or_compute(spec.resize_key, lambda: self._resample(placement, spec))
        return Prepared(to_tensor(resized, spec), placement)

    def _resample(self, placement: Placement, spec: PictureSpec) -> Pixels:
        centres = (compute_centres(placement, axis) for axis in (0, 1))
        return surround(read_turned(self._whole.pixels, self._crop, *centres), placement, spec)
