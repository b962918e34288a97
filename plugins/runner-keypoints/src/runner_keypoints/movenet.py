"""MoveNet: 17 keypoints of one person (single pose) or of up to six (multipose).

Source: https://www.kaggle.com/models/google/movenet and https://www.tensorflow.org/hub/tutorials/movenet. The picture
keeps its proportions and is padded with black, as ``tf.image.resize_with_pad`` does; values are 0 to 255 in any dtype.
"""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import RAW, Frame, PictureSpec
from runner_core.results import Inference
from runner_core.tasks import PictureCodec, bind_picture, bind_roles, draft_input
from runner_keypoints.coco_keypoints import KEYPOINTS, PERSON, check_keypoint_names
from runner_keypoints.poses import KEYPOINT_THRESHOLD, KIND, Poses, build_answer, read_keypoint_threshold

USUAL = PictureSpec(size=(256, 256), resize="letterbox")
COUNT = len(KEYPOINTS)
ROW = 3 * COUNT + 5  # y, x, score of each keypoint; ymin, xmin, ymax, xmax, score of the person


class MoveNet:
    """Roles: ``image``, ``poses`` ([1 x 1 x 17 x 3], or [1 x N x 56]).

    The single pose model gives no score and no box: a pose gets the mean of its keypoints' scores, and the box around
    those that reach the option ``keypoint_threshold`` (0.2 where absent).
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, USUAL, RAW, sure=("range", "colour", "resize", "resample"))
        if drafted is None or len(model.outputs) != 1 or not _is_readable(model.outputs[0]):
            return None
        (poses,) = model.outputs
        return Card(
            name="",
            task="movenet",
            roles={"image": drafted.image.name, "poses": poses.name},
            picture=drafted.picture,
            labels=PERSON,
            threshold=0.3,
            options={"keypoint_names": list(KEYPOINTS), "keypoint_threshold": KEYPOINT_THRESHOLD},
            guesses=drafted.guesses,
            notes=(
                *drafted.notes,
                f"poses is output {poses.name}, by its shape: no other network has 17 times y, x, score like this",
                "the picture is letterboxed on black, keypoints count from 0.2, as MoveNet's demonstrations have it",
                "a pose counts from a score of 0.3, by our choice: --conf",
            ),
        )

    def bind(self, card: Card, model: Signature) -> MoveNetCodec:
        specs = bind_roles(card, model, needed=("image", "poses"))
        if not _is_readable(specs["poses"]):
            raise TaskError(
                f"brain {card.name}: poses is {specs['poses']}, {card.task} reads [1 x 1 x 17 x 3] or [1 x N x 56]",
                remedy="give the role poses to the output that is shaped so",
            )
        check_keypoint_names(card, COUNT)
        return MoveNetCodec(card, bind_picture(card, specs["image"], USUAL), read_keypoint_threshold(card))


@attrs.frozen
class MoveNetCodec(PictureCodec):
    keypoint_threshold: float

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        table = np.asarray(outputs["poses"][0], np.float32)
        table = table.reshape(len(table), -1)
        to_tensor = np.array([*placement.tensor, 1], np.float32)  # x, y, score
        points = table[:, : 3 * COUNT].reshape(-1, COUNT, 3)[..., [1, 0, 2]] * to_tensor
        if table.shape[1] != ROW:
            return build_answer(
                self.card, Poses(points, points[..., 2].mean(axis=1)), placement, self.keypoint_threshold
            )
        y1, x1, y2, x2, scores = table[:, 3 * COUNT :].T
        boxes = np.stack([x1, y1, x2, y2], axis=1) * np.tile(to_tensor[:2], 2)
        return build_answer(self.card, Poses(points, scores, boxes), placement, self.keypoint_threshold)


def _is_readable(spec: TensorSpec) -> bool:
    shape = spec.shape or ()
    if not spec.dtype.startswith("float") or not shape or shape[0] not in (1, None):
        return False
    return shape[1:] == (1, COUNT, 3) or (len(shape) == 3 and shape[2] == ROW)
