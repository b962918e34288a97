"""DetectionOutput, with which Caffe's SSDs and Open Model Zoo's detectors end: final boxes in rows of seven numbers.

Source: docs.openvino.ai, operation specs, DetectionOutput-8. A row is image, class, score, x1, y1, x2, y2, normalised;
class 0 is the background, and a negative image ends the list.
"""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors
from runner_core.frames import RAW, Frame, PictureSpec
from runner_core.results import Inference, points_to_picture
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_shape,
    draft_input,
    drop_batch_axis,
    labels_from_metadata,
    select_best_rows,
)
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

NUMBERS = 7
IMAGE, CLASS, SCORE, BOX = 0, 1, 2, slice(3, 7)
BGR = PictureSpec(colour="bgr", layout="nchw")
FIRST = Guess("first_class", "its classes count from 1, 0 is the background", ("first_class",))


class DetectionOutput:
    """Roles: ``image``, ``detections``: 1 x 1 x N x 7."""

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        output = model.outputs[0] if len(model.outputs) == 1 else None
        drafted = draft_input(model, BGR, RAW, sure=("resize",))
        if drafted is None or output is None or len(output.shape or ()) != 4:
            return None
        if axis_length(output, 1) != 1 or axis_length(output, 3) != NUMBERS:
            return None
        return Card(
            name="",
            task="detection-output",
            roles={"image": drafted.image.name, "detections": output.name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata, first=1),
            first_class=1,
            notes=(*drafted.notes, f"detections is output {output.name}, by its shape: rows of {NUMBERS} numbers"),
            guesses=(*drafted.guesses, FIRST),
        )

    def bind(self, card: Card, model: Signature) -> DetectionOutputCodec:
        specs = bind_roles(card, model, needed=("image", "detections"))
        check_shape(card, "detections", specs["detections"], (1, 1, None, NUMBERS))
        return DetectionOutputCodec(card, bind_normalised_picture(card, specs["image"], model, BGR, RAW))


@attrs.frozen
class DetectionOutputCodec(PictureCodec):
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        (rows,) = drop_batch_axis(self.card, "detections", outputs["detections"], (None, NUMBERS))
        ends = np.flatnonzero(rows[:, IMAGE] < 0)
        rows = rows[: ends[0]] if ends.size else rows
        rows = rows[select_best_rows(rows[:, SCORE], self.card.threshold)]
        boxes = points_to_picture(rows[:, BOX], self.placement_of(frame), normalised=True)
        return build_inference(self.card, KIND, frame.size, boxes, rows[:, SCORE], rows[:, CLASS])
