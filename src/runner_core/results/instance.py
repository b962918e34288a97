"""Instance: one finding, as an object; and Verdict: what is found of the picture as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from runner_core.results.mask import Mask
from runner_core.util.spelling import make_hint

Box = tuple[float, float, float, float]
Keypoint = tuple[float, float, float]

_OF_ALL = "the answer itself: one picture gives one, without [0]"
# What people type who come from elsewhere, and what it is called here.
HINTS = {
    **dict.fromkeys(("confidence", "conf"), "score"), **dict.fromkeys(("xyxy", "bbox"), "box"),
    **dict.fromkeys(("class_name", "name"), "label"), **dict.fromkeys(("cls", "class_id"), "model_id"),
    **dict.fromkeys(("plot", "draw", "show", "save", "boxes", "masks", "names"), _OF_ALL), "tracker_id": "track",
}  # fmt: skip


@attrs.frozen
class Verdict:
    """What a method says of the picture as a whole, beside its instances: ``anomalous`` 0.93.

    ``label``, ``file_id`` and ``model_id`` are those of a class, as in an Instance; ``score`` is 0 to 1.
    """

    label: str
    file_id: int
    model_id: int
    score: float


@attrs.frozen
class Instance:
    """One row of an Inference, as an object.

    ``id``         its row in the Inference.
    ``label``      the name of its class.
    ``file_id``    the permanent number of its class; ``model_id`` the network's.
    ``score``      0 to 1, None where the method has none.
    ``box``        x1, y1, x2, y2 in pixels of the original picture; None where the method gives no boxes.
    ``angle``      radians by which the box is turned about its centre, clockwise as the picture is seen.
    ``mask``       of the picture's size.
    ``keypoints``  x, y, score of each, in pixels of the original picture.
    ``vector``     its embedding, or its measures.
    ``track``      its number across the frames of a video.
    ``parent``     the ``id`` of the instance whose crop it was found in.
    """

    id: int
    label: str
    file_id: int
    model_id: int
    score: float | None = None
    box: Box | None = None
    angle: float | None = None
    mask: Mask | None = None
    keypoints: tuple[Keypoint, ...] | None = None
    vector: tuple[float, ...] | None = None
    track: int | None = None
    parent: int | None = None

    if not TYPE_CHECKING:  # else every wrong name would pass as right

        def __getattr__(self, name: str) -> Any:
            raise make_hint("an Instance", name, HINTS, self)
