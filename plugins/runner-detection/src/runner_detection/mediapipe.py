"""MediaPipe's detectors: faces, palms and poses, as offsets from points and one logit each.

Sources: github.com/google-ai-edge/mediapipe, calculators/tflite/ssd_anchors_calculator.cc,
calculators/tensor/tensors_to_detections_calculator.cc, calculators/util/non_max_suppression_calculator.cc, and the
graphs modules/face_detection, modules/palm_detection, modules/pose_detection.
centre = point + offset / side; width, height = number / side; keypoint = point + offset / side.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import SIGNED, UNIT, Frame, Normalization, PictureSpec
from runner_core.results import Floats, Inference, box_ious, centred_to_corners
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_shape,
    draft_input,
    drop_batch_axis,
    sigmoid,
)
from runner_detection.anchors import make_points
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

LETTERBOX = PictureSpec(resize="letterbox")
LIMIT = 100.0  # at which logits are cut
THRESHOLD, OVERLAP = 0.5, 0.3  # as the graphs have them


@attrs.frozen
class Detector:
    """What is found, by how many numbers a row has: 4 of the box and 2 of each keypoint."""

    name: str
    keypoints: tuple[str, ...]

    @property
    def numbers(self) -> int:
        return 4 + 2 * len(self.keypoints)


FACE = Detector("face", ("right eye", "left eye", "nose tip", "mouth centre", "right ear tragion", "left ear tragion"))
PALM = Detector("palm", ("wrist", "index MCP", "middle MCP", "ring MCP", "pinky MCP", "thumb CMC", "thumb MCP"))
POSE = Detector("person", ("mid hip", "full body", "mid shoulder", "upper body"))

# Of each detector, by the side of its square input: the strides of its maps, anchors a cell for each, and the values.
MODELS: dict[tuple[int, int], tuple[Detector, tuple[int, ...], int, Normalization]] = {
    (16, 128): (FACE, (8, 16, 16, 16), 2, SIGNED),
    (16, 192): (FACE, (4,), 1, SIGNED),
    (16, 256): (FACE, (16, 32, 32, 32), 2, SIGNED),
    (18, 192): (PALM, (8, 16, 16, 16), 2, UNIT),
    (18, 256): (PALM, (8, 16, 32, 32, 32), 2, SIGNED),
    (12, 224): (POSE, (8, 16, 32, 32, 32), 2, SIGNED),
    (12, 128): (POSE, (8, 16, 16, 16), 2, SIGNED),
}


class MediapipeDetection:
    """Roles: ``image``, ``boxes`` (1 x N x 16, 18 or 12: faces, palms, poses), ``scores`` (1 x N x 1, logits)."""

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        found = _find_outputs(model.outputs)
        plain = draft_input(model, LETTERBOX)
        if found is None or plain is None or plain.picture.size is None:
            return None
        boxes, scores = found
        known = MODELS.get((axis_length(boxes, -1) or 0, plain.picture.size[0]))
        if known is None or len(_make_anchors(plain.picture, known)) != axis_length(boxes, -2):
            return None
        detector, _, _, values = known
        drafted = draft_input(model, LETTERBOX, values, sure=True)
        assert drafted is not None
        return Card(
            name="",
            task="mediapipe-detection",
            roles={"image": drafted.image.name, "boxes": boxes.name, "scores": scores.name},
            picture=drafted.picture,
            labels=LabelMap.from_names([detector.name]),
            threshold=THRESHOLD,
            iou=OVERLAP,
            options={"keypoint_names": list(detector.keypoints)},
            notes=(
                *drafted.notes,
                f"boxes is output {boxes.name} and scores is output {scores.name}, by their shapes",
                f"MediaPipe's detector of a {detector.name}, by its {axis_length(boxes, -2)} anchors",
            ),
            guesses=drafted.guesses,
        )

    def bind(self, card: Card, model: Signature) -> MediapipeCodec:
        specs = bind_roles(card, model, needed=("image", "boxes", "scores"))
        numbers, rows = axis_length(specs["boxes"], -1), axis_length(specs["boxes"], -2)
        plain = bind_normalised_picture(card, specs["image"], model, LETTERBOX, SIGNED)
        known = MODELS.get((numbers or 0, plain.size[0])) if plain.size else None
        anchors = _make_anchors(plain, known) if known else None
        if known is None or anchors is None or len(anchors) != rows:
            raise TaskError(
                f"brain {card.name}: boxes is {specs['boxes']}, which no detector of MediaPipe has for {plain.size}",
                remedy="give the output with 16, 18 or 12 numbers an anchor",
            )
        check_shape(card, "scores", specs["scores"], (1, rows, 1), (rows, 1))
        picture = bind_normalised_picture(card, specs["image"], model, LETTERBOX, known[3])
        return MediapipeCodec(card, picture, known[0], anchors)


@attrs.frozen
class MediapipeCodec(PictureCodec):
    detector: Detector
    anchors: NDArray[np.float32]

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        raw = drop_batch_axis(self.card, "boxes", outputs["boxes"], (self.detector.numbers,))
        logits = drop_batch_axis(self.card, "scores", outputs["scores"], (1,))
        scores = sigmoid(logits[:, 0].clip(-LIMIT, LIMIT).astype(np.float32))
        rows = np.flatnonzero(scores >= self.card.threshold)
        placement = self.placement_of(frame)
        points = raw[rows].reshape(len(rows), self.detector.numbers // 2, 2).astype(np.float32)
        moved = points + (self.anchors[rows, None, :2] * np.array(placement.tensor, np.float32))
        moved[:, 1] = points[:, 1]  # the second pair is the box's width and height
        flat = moved.reshape(len(rows), self.detector.numbers)
        blended, kept = blend_overlapping(flat, scores[rows], self.card.iou)
        corners = placement.to_picture(centred_to_corners(blended[:, :4]))
        spots = placement.to_picture(blended[:, 4:].reshape(len(kept), len(self.detector.keypoints), 2))
        surest = scores[rows][kept]
        keypoints = np.concatenate([spots, np.broadcast_to(surest[:, None, None], (*spots.shape[:2], 1))], axis=2)
        return build_inference(
            self.card, KIND, frame.size, corners, surest, np.zeros(len(kept), np.int64),
            keypoints=keypoints.astype(np.float32),
        )  # fmt: skip


def blend_overlapping(rows: Floats, scores: Floats, overlap: float) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Of N rows (centre x, centre y, width, height, points) the M best that do not overlap, and their numbers.

    Each is the mean of all rows that overlap it by more than ``overlap``, weighted by their ``scores``: MediaPipe's
    ``WEIGHTED`` suppression.
    """
    boxes = centred_to_corners(rows[:, :4])
    ious = box_ious(boxes, boxes)
    waiting, kept, blended = np.argsort(-scores, kind="stable"), [], []
    while waiting.size:
        first = waiting[0]
        near = ious[first, waiting] > overlap
        near[0] = True
        some = waiting[near]
        weights = scores[some, None]
        blended.append((rows[some] * weights).sum(axis=0) / weights.sum())
        kept.append(first)
        waiting = waiting[~near]
    return np.array(blended, np.float32).reshape(-1, rows.shape[1]), np.array(kept, np.intp)


def _make_anchors(
    picture: PictureSpec, known: tuple[Detector, tuple[int, ...], int, Normalization]
) -> NDArray[np.float32]:
    assert picture.size is not None
    return make_points(picture.size, known[1], each=known[2])


def _find_outputs(outputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, TensorSpec] | None:
    """Rows of numbers, and one logit for each row; None for other outputs."""
    if len(outputs) != 2:
        return None
    scores, boxes = sorted(outputs, key=lambda spec: axis_length(spec, -1) or 0)
    shapes = boxes.shape, scores.shape
    if not boxes.shape or not scores.shape or any(len(shape or ()) != 3 for shape in shapes):
        return None
    return (boxes, scores) if scores.shape[1:] == (boxes.shape[1], 1) else None
