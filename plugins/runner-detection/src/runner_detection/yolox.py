"""YOLOX: a row of box, objectness and class scores for each cell of 8, 16 and 32 pixels.

Source: github.com/Megvii-BaseDetection/YOLOX, yolox/models/yolo_head.py and yolox/utils/demo_utils.py. For cell x, y:
centre = (tx + x, ty + y) * stride; size = exp(tw, th) * stride; score = objectness * class. Some exports do this inside
the graph. Since release 0.1.1 of August 2021 pixels are BGR from 0 to 255; before, RGB in ImageNet's deviations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import IMAGENET, RAW, Frame, PictureSpec
from runner_core.results import Floats, Inference, centred_to_corners, points_to_picture
from runner_core.tasks import (
    InputDraft,
    PictureCodec,
    are_probabilities,
    bind_normalised_picture,
    bind_roles,
    build_suppressed_inference,
    check_classes,
    check_shape,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    labels_from_metadata,
    read_activation,
    read_choice,
    short_name,
    sigmoid,
)
from runner_detection.cells import check_cells, count_cells, list_cells
from runner_detection.class_scores import pick_best_class
from runner_detection.focal_outputs import OTHER_NAMES, find_focal_outputs
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

STRIDES = (8, 16, 32)
BOX, FEATURES = 4, 5  # numbers of a row before the objectness, and before the class scores
COCO_V8 = 4 + 80  # features of a row of COCO without objectness
OWN_NAME = "output"  # by default, as YOLOX's tools/export_onnx.py has it
UNITS = ("cells", "absolute")
FARTHEST = 8.0  # pixels: where the middle of all centres lies beyond, they are in pixels of the input
PADDED = PictureSpec(resize="pad", rounding="down", layout="nchw", pad=(114, 114, 114))
BGR = attrs.evolve(PADDED, colour="bgr")


class Yolox:
    """Roles: ``image``, ``predictions``: 1 x N x (5 + C).

    Card options:
    ``boxes``       ``cells``, or ``absolute`` where the graph makes pixels of them; absent: by the numbers.
    ``activation``  what is still to be applied to objectness and scores: ``none``, ``sigmoid`` (of ``logits``); absent:
                    ``sigmoid`` where an objectness is not from 0 to 1.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = _draft_input(model)
        output = model.outputs[0] if len(model.outputs) == 1 else None
        if drafted is None or output is None or not is_yolox(output, drafted.picture.size, model.metadata):
            return None
        if find_focal_outputs(model, drafted.picture.size):
            return None
        card = Card(
            name="",
            task="yolox",
            roles={"image": drafted.image.name, "predictions": output.name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.3,
            iou=0.45,
            notes=(*drafted.notes, *_write_notes(output)),
            guesses=(*drafted.guesses, *_list_guesses(output)),
        )
        return drop_wrong_labels(card, _count_classes(output))

    def bind(self, card: Card, model: Signature) -> YoloxCodec:
        specs = bind_roles(card, model, needed=("image", "predictions"))
        picture = bind_normalised_picture(card, specs["image"], model, BGR, RAW)
        output = specs["predictions"]
        check_shape(card, "predictions", output, (1, None, None))
        check_cells(card, "predictions", axis_length(output, 1), picture.size, STRIDES)
        check_classes(card, _count_classes(output))
        activation = read_activation(card, logits="sigmoid", among=("none", "sigmoid"))
        return YoloxCodec(card, picture, read_choice(card, "boxes", *UNITS), activation)


@attrs.frozen
class YoloxCodec(PictureCodec):
    boxes: str | None
    activation: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        table = drop_batch_axis(self.card, "predictions", outputs["predictions"], (None,))
        placement = self.placement_of(frame)
        check_cells(self.card, "predictions", len(table), placement.tensor, STRIDES)
        likely, scores = self._score_rows(table)
        rows, best, classes = pick_best_class(scores, self.card.threshold)
        rows = likely[rows]
        found = table[rows, :BOX]
        if self.boxes == "cells" or (self.boxes is None and not _are_pixels(table[:, :2])):
            found = _decode_boxes(found, list_cells(placement.tensor, STRIDES)[rows])
        boxes = points_to_picture(centred_to_corners(found), placement, normalised=False)
        return build_suppressed_inference(self.card, KIND, frame.size, boxes, best, classes)

    def _score_rows(self, table: Floats) -> tuple[NDArray[np.intp], Floats]:
        """The M rows whose objectness reaches the threshold, and their M x C scores."""
        objectness, activation = table[:, BOX], self.activation
        if activation is None:
            activation = "none" if are_probabilities(objectness) else "sigmoid"
        objectness = objectness if activation == "none" else sigmoid(objectness)
        likely = np.flatnonzero(objectness >= self.card.threshold)
        classes = table[likely, FEATURES:]
        return likely, objectness[likely, None] * (classes if activation == "none" else sigmoid(classes))


def is_yolox(output: TensorSpec, size: tuple[int, int] | None, metadata: Mapping[str, str]) -> bool:
    """Whether an output is YOLOX's by its shape, for an input of (width, height), and not another's by its name.

    YOLO v5 has three rows a cell; v8, without an objectness, has its features first in ONNX and TFLite alike.
    """
    if output.shape is None or len(output.shape) != 3 or output.shape[0] not in (1, None) or size is None:
        return False
    rows, features = output.shape[1:]
    if "task" in metadata or features is None or short_name(output.name) in OTHER_NAMES:
        return False
    own = short_name(output.name) == OWN_NAME
    return rows == count_cells(size, *STRIDES) and features > FEATURES and (own or features != COCO_V8)


def _draft_input(model: Signature) -> InputDraft | None:
    """With the colours of the release that the range of the values belongs to."""
    drafted = draft_input(model, BGR, RAW, sure=("colour", "resize"))
    if drafted is None or drafted.picture.std == RAW.std:
        return drafted
    return draft_input(model, PADDED, IMAGENET, sure=("colour", "resize"))


def _are_pixels(centres: Floats) -> bool:
    """Whether the centres of all cells, N x 2, are in pixels: else they are offsets of about a cell."""
    return bool(np.median(centres) > FARTHEST)


def _decode_boxes(values: Floats, cells: Floats) -> NDArray[np.float32]:
    """N x 4 centre x, centre y, width, height in pixels of the tensor, from tx, ty, tw, th of N cells."""
    centres = (values[:, :2] + cells[:, :2]) * cells[:, 2:]
    return np.concatenate([centres, np.exp(values[:, 2:]) * cells[:, 2:]], axis=1).astype(np.float32, copy=False)


def _count_classes(output: TensorSpec) -> int | None:
    features = axis_length(output, 2)
    return None if features is None else features - FEATURES


def _write_notes(output: TensorSpec) -> tuple[str, ...]:
    return (
        f"predictions is output {output.name}, by its shape: a row for each cell of 8, 16 and 32 pixels",
        "threshold 0.3 and iou 0.45, as YOLOX's demo has them",
    )


def _list_guesses(output: TensorSpec) -> Iterator[Guess]:
    if short_name(output.name) != OWN_NAME:
        yield Guess("kind", "its rows are YOLOX's, with an objectness before the class scores", ("task",))
