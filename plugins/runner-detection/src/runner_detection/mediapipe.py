"""MediaPipe's detectors: faces, palms and poses, as offsets from points and one logit each.

Sources: github.com/google-ai-edge/mediapipe, calculators/tflite/ssd_anchors_calculator.cc,
calculators/tensor/tensors_to_detections_calculator.cc, calculators/util/non_max_suppression_calculator.cc, and the
graphs modules/face_detection, modules/palm_detection, modules/pose_detection.
centre = point + offset / side; width, height = number / side; keypoint = point + offset / side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

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
    find_picture_input,
    sigmoid,
)
from runner_detection.anchors import make_points
from runner_detection.cells import count_cells
from runner_detection.faces import make_keypoints
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

Pair = tuple[TensorSpec, TensorSpec]  # boxes and scores

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


@attrs.frozen
class Network:
    """One that looks for such things: the strides of its maps, anchors a cell for each, and the values it takes."""

    detector: Detector
    strides: tuple[int, ...]
    each: int
    values: Normalization

    def make_anchors(self, size: tuple[int, int]) -> NDArray[np.float32]:
        """N x 4, for an input of that (width, height)."""
        return make_points(size, self.strides, each=self.each)

    def count_anchors(self, size: tuple[int, int]) -> list[int]:
        """How many each grid has, for an input of that (width, height)."""
        counts = Counter(self.strides)
        return [count_cells(size, stride) * self.each * times for stride, times in counts.items()]

    def list_roles(self, outputs: int) -> tuple[tuple[str, str], ...]:
        """Pairs of boxes and scores: of all grids together where there is one such pair of ``outputs``, or of each."""
        names = [""] if outputs == 1 else [f"_{stride}" for stride in dict.fromkeys(self.strides)]
        return tuple((f"boxes{name}", f"scores{name}") for name in names)


# By how many numbers a row has, and by the side of the square input.
MODELS = {
    (16, 128): Network(FACE, (8, 16, 16, 16), 2, SIGNED),
    (16, 192): Network(FACE, (4,), 1, SIGNED),
    (16, 256): Network(FACE, (16, 32, 32, 32), 2, SIGNED),
    (18, 192): Network(PALM, (8, 16, 16, 16), 2, UNIT),
    (18, 256): Network(PALM, (8, 16, 32, 32, 32), 2, SIGNED),
    (12, 224): Network(POSE, (8, 16, 32, 32, 32), 2, SIGNED),
    (12, 128): Network(POSE, (8, 16, 16, 16), 2, SIGNED),
}


class MediapipeDetection:
    """Roles: ``image``, ``boxes`` (1 x N x 16, 18 or 12: faces, palms, poses), ``scores`` (1 x N x 1, logits).

    Where each grid has outputs of its own, these are ``boxes_8``, ``scores_8``, ``boxes_16``, ..., by their strides.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        pairs, plain = _find_outputs(model.outputs), find_picture_input(model, LETTERBOX)
        if pairs is None or plain is None:
            return None
        network = _find_network([boxes for boxes, _ in pairs], plain[1].size)
        drafted = draft_input(model, LETTERBOX, network.values, sure=True) if network else None
        if network is None or drafted is None:
            return None
        detector = network.detector
        roles = dict(zip(chain(*network.list_roles(len(pairs))), (spec.name for spec in chain(*pairs)), strict=True))
        return Card(
            name="",
            task="mediapipe-detection",
            roles={"image": drafted.image.name, **roles},
            picture=drafted.picture,
            labels=LabelMap.from_names([detector.name]),
            threshold=THRESHOLD,
            iou=OVERLAP,
            options={"keypoint_names": list(detector.keypoints)},
            notes=(
                *drafted.notes,
                *(f"{role} is output {name}, by its shape" for role, name in roles.items()),
                f"MediaPipe's detector of a {detector.name}, by its {_count_rows(pairs)} anchors",
            ),
            guesses=drafted.guesses,
        )

    def bind(self, card: Card, model: Signature) -> MediapipeCodec:
        names = [role.removeprefix("boxes") for role in card.roles if role.startswith("boxes")] or [""]
        pairs = tuple((f"boxes{name}", f"scores{name}") for name in names)
        specs = bind_roles(card, model, needed=("image", *(role for pair in pairs for role in pair)))
        plain = bind_normalised_picture(card, specs["image"], model, LETTERBOX, SIGNED)
        network = _find_network([specs[boxes] for boxes, _ in pairs], plain.size)
        if network is None or plain.size is None or pairs != network.list_roles(len(pairs)):
            raise TaskError(
                f"brain {card.name}: no detector of MediaPipe has {specs[pairs[0][0]]} for an input of {plain.size}",
                remedy="give boxes with 16, 18 or 12 numbers an anchor, or those of each grid by its stride",
            )
        for boxes, scores in pairs:
            rows = axis_length(specs[boxes], -2)
            check_shape(card, scores, specs[scores], (1, rows, 1), (rows, 1))
        picture = bind_normalised_picture(card, specs["image"], model, LETTERBOX, network.values)
        return MediapipeCodec(card, picture, network.detector, pairs, network.make_anchors(plain.size))


@attrs.frozen
class MediapipeCodec(PictureCodec):
    detector: Detector
    pairs: tuple[tuple[str, str], ...]
    anchors: NDArray[np.float32]

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        raw, logits = self._read_rows(outputs)
        scores = sigmoid(logits.clip(-LIMIT, LIMIT))
        rows = np.flatnonzero(scores >= self.card.threshold)
        placement = self.placement_of(frame)
        points = raw[rows].reshape(len(rows), self.detector.numbers // 2, 2)
        moved = points + (self.anchors[rows, None, :2] * np.array(placement.tensor, np.float32))
        moved[:, 1] = points[:, 1]  # the second pair is the box's width and height
        flat = moved.reshape(len(rows), self.detector.numbers)
        blended, kept = blend_overlapping(flat, scores[rows], self.card.iou)
        corners = placement.to_picture(centred_to_corners(blended[:, :4]))
        surest, classes = scores[rows][kept], np.zeros(len(kept), np.int64)
        keypoints = make_keypoints(blended[:, 4:], surest, placement)
        return build_inference(self.card, KIND, frame.size, corners, surest, classes, keypoints=keypoints)

    def _read_rows(self, outputs: Tensors) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The numbers of all anchors, N x 16, 18 or 12, and their N logits."""
        width = self.detector.numbers
        raw = [drop_batch_axis(self.card, role, outputs[role], (width,)) for role, _ in self.pairs]
        logits = [drop_batch_axis(self.card, role, outputs[role], (1,))[:, 0] for _, role in self.pairs]
        return np.concatenate(raw).astype(np.float32), np.concatenate(logits).astype(np.float32)


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


def _find_network(boxes: Sequence[TensorSpec], size: tuple[int, int] | None) -> Network | None:
    """By the numbers of a row of ``boxes`` and an input of that (width, height), if it has as many anchors as rows."""
    network = MODELS.get((axis_length(boxes[0], -1) or 0, size[0])) if size else None
    if network is None or size is None:
        return None
    rows = [axis_length(spec, -2) for spec in boxes]
    grids = network.count_anchors(size)
    return network if rows in (grids, [sum(grids)]) else None


def _find_outputs(outputs: tuple[TensorSpec, ...]) -> Sequence[Pair] | None:
    """Rows of numbers, and one logit for each row, of all grids together or apart; None for other outputs."""
    if any(not spec.shape or len(spec.shape) != 3 for spec in outputs):
        return None
    finest_first = sorted(outputs, key=lambda spec: -(axis_length(spec, -2) or 0))
    scores = [spec for spec in finest_first if axis_length(spec, -1) == 1]
    boxes = [spec for spec in finest_first if spec not in scores]
    pairs = [(spec, one) for spec, one in zip(boxes, scores, strict=False) if _share_rows(spec, one)]
    widths = {axis_length(spec, -1) for spec in boxes}
    return pairs if len(pairs) == len(boxes) == len(scores) and len(widths) == 1 else None


def _share_rows(one: TensorSpec, other: TensorSpec) -> bool:
    return axis_length(one, -2) == axis_length(other, -2)


def _count_rows(pairs: Sequence[Pair]) -> int:
    return sum(axis_length(boxes, -2) or 0 for boxes, _ in pairs)
