"""Drawable: what is asked of an answer so that it can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import LabelMap


class DrawableMask(Protocol):
    """The pixels of one instance."""

    @property
    def array(self) -> NDArray[np.bool_]:
        """H x W."""


class DrawableMap(Protocol):
    """A level for each pixel: ``kind`` is ``alpha`` or ``heat``."""

    @property
    def kind(self) -> str: ...
    @property
    def levels(self) -> NDArray[np.uint8]:
        """H x W, 0 to 255."""


class DrawableVerdict(Protocol):
    """What the picture as a whole is."""

    @property
    def label(self) -> str: ...
    @property
    def model_id(self) -> int: ...
    @property
    def score(self) -> float: ...


class Drawable(Protocol):
    """The columns of an answer, N rows, which ``results.Inference`` describes; None where a method has none."""

    def __len__(self) -> int: ...
    @property
    def brain(self) -> str: ...
    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def labels(self) -> LabelMap: ...
    @property
    def names(self) -> list[str]: ...
    @property
    def model_ids(self) -> NDArray[np.integer]: ...
    @property
    def boxes(self) -> NDArray[np.float32] | None: ...
    @property
    def corners(self) -> NDArray[np.float32] | None: ...
    @property
    def outer_boxes(self) -> NDArray[np.float32] | None: ...
    @property
    def scores(self) -> NDArray[np.float32] | None: ...
    @property
    def masks(self) -> Sequence[DrawableMask] | None: ...
    @property
    def keypoints(self) -> NDArray[np.float32] | None: ...
    @property
    def tracks(self) -> NDArray[np.integer] | None: ...
    @property
    def class_map(self) -> NDArray[np.integer] | None: ...
    @property
    def pixel_map(self) -> DrawableMap | None: ...
    @property
    def verdict(self) -> DrawableVerdict | None: ...
