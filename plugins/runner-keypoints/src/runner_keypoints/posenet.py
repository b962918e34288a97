"""PoseNet: a heat map for each keypoint, and offsets from its cells to the exact position; one person.

Source: tfjs-models, posenet/src/single_pose/decode_single_pose.ts: a keypoint lies at its hottest cell times the
stride, plus that cell's offsets, the K for y before the K for x; the pose's score is the mean of the keypoints'.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import Frame, PictureSpec
from runner_core.results import Inference
from runner_core.tasks import (
    ACTIVATIONS,
    PictureCodec,
    are_probabilities,
    bind_picture,
    bind_roles,
    draft_input,
    read_choice,
)
from runner_keypoints.coco_keypoints import KEYPOINTS, PERSON, check_keypoint_names
from runner_keypoints.poses import KEYPOINT_THRESHOLD, KIND, Poses, build_answer, read_keypoint_threshold

USUAL = PictureSpec(size=(257, 257), resize="letterbox")
CHANNELS = {"nhwc": 3, "nchw": 1}  # the axis


class PoseNet:
    """Roles: ``image``, ``heatmaps`` ([1 x h x w x K] or [1 x K x h x w]), ``offsets`` (likewise with 2 K).

    Other outputs, which separate several people, are not read: this finds one person.

    Card options:
    ``activation``          from heat to probabilities: ``sigmoid`` or ``none``. Absent: sigmoid for an answer with a
                            value outside 0 to 1.
    ``keypoint_threshold``  the score from which a keypoint is inside the box; 0.2 where absent.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, USUAL)
        heat = [spec for spec in model.outputs if _count_channels(spec) == len(KEYPOINTS)]
        offsets = [spec for spec in model.outputs if _count_channels(spec) == 2 * len(KEYPOINTS)]
        if drafted is None or len(heat) != 1 or len(offsets) != 1 or _find_layout(heat[0], offsets[0]) is None:
            return None
        return Card(
            name="",
            task="posenet",
            roles={"image": drafted.image.name, "heatmaps": heat[0].name, "offsets": offsets[0].name},
            picture=drafted.picture,
            labels=PERSON,
            threshold=0.3,
            options={"keypoint_names": list(KEYPOINTS), "keypoint_threshold": KEYPOINT_THRESHOLD},
            guesses=drafted.guesses,
            notes=(
                *drafted.notes,
                f"heatmaps is output {heat[0].name}, offsets is output {offsets[0].name}, by their shapes: 17 and 34",
                "the picture is letterboxed on black, as PoseNet's own demonstrations do",
                "a pose counts from a score of 0.3, a keypoint from 0.2, by our choice",
            ),
        )

    def bind(self, card: Card, model: Signature) -> PoseNetCodec:
        specs = bind_roles(card, model, needed=("image", "heatmaps", "offsets"))
        layout = _find_layout(specs["heatmaps"], specs["offsets"])
        if layout is None:
            raise TaskError(
                f"brain {card.name}: {specs['heatmaps']} and {specs['offsets']} are not heat maps and offsets",
                remedy="posenet reads K maps and 2 K offsets of the same height and width",
            )
        count = (specs["heatmaps"].shape or ())[CHANNELS[layout]]
        check_keypoint_names(card, count or 0)
        picture = bind_picture(card, specs["image"], USUAL)
        activation = read_choice(card, "activation", "sigmoid", "none")
        return PoseNetCodec(card, picture, layout, activation, read_keypoint_threshold(card))


@attrs.frozen
class PoseNetCodec(PictureCodec):
    layout: str
    activation: str | None
    keypoint_threshold: float

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        heat, offsets = (self._to_channels_first(outputs[role][0]) for role in ("heatmaps", "offsets"))
        count, height, width = heat.shape
        each = np.arange(count)
        hottest = heat.reshape(count, -1).argmax(axis=1)
        y, x = np.divmod(hottest, width)
        wide, high = placement.tensor
        points = np.stack(
            [
                x * _stride_of(wide, width) + offsets[each + count, y, x],
                y * _stride_of(high, height) + offsets[each, y, x],
                self._to_probabilities(heat)[each, y, x],
            ],
            axis=1,
        ).astype(np.float32)
        scores = points[:, 2].mean(keepdims=True)
        return build_answer(self.card, Poses(points[None], scores), placement, self.keypoint_threshold)

    def _to_channels_first(self, tensor: NDArray[np.generic]) -> NDArray[np.float32]:
        return np.asarray(tensor.transpose(2, 0, 1) if self.layout == "nhwc" else tensor, np.float32)

    def _to_probabilities(self, heat: NDArray[np.float32]) -> NDArray[np.float32]:
        activation = self.activation or ("none" if are_probabilities(heat) else "sigmoid")
        return ACTIVATIONS[activation](heat).clip(0, 1).astype(np.float32, copy=False)


def _stride_of(pixels: int, cells: int) -> float:
    """Pixels from one cell to the next; the first and the last cell lie on the borders."""
    return (pixels - 1) / max(1, cells - 1)


def _count_channels(spec: TensorSpec) -> int | None:
    """The number of maps in a tensor, if it is 17 or 34 of them."""
    shape = spec.shape or ()
    if len(shape) != 4 or shape[0] not in (1, None) or not spec.dtype.startswith("float"):
        return None
    known = {len(KEYPOINTS), 2 * len(KEYPOINTS)}
    return next((shape[axis] for axis in CHANNELS.values() if shape[axis] in known), None)


def _find_layout(heat: TensorSpec, offsets: TensorSpec) -> str | None:
    """The layout in which the offsets have twice the channels, and the same height and width."""
    one, two = heat.shape or (), offsets.shape or ()
    if len(one) != 4 or len(two) != 4:
        return None
    for layout, axis in CHANNELS.items():
        channels, twice = one[axis], two[axis]
        others = [(one[side], two[side]) for side in (1, 2, 3) if side != axis]
        if channels and twice == 2 * channels and all(a == b or None in (a, b) for a, b in others):
            return layout
    return None
