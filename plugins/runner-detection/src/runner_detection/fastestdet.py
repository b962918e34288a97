"""FastestDet's raw head: one cell in 16 pixels, each with an objectness, a box and a score for each class.

Source: github.com/dog-qiuqiu/FastestDet, utils/tool.py, handle_preds. For cell x, y of a grid:
score = objectness ** 0.6 * class ** 0.4; centre = (x + tanh(tx), y + tanh(ty)) / grid; size = sigmoid(tw, th).
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Floats, Inference, centred_to_corners, points_to_picture
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_suppressed_inference,
    check_classes,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    labels_from_metadata,
    score_best_class,
    sigmoid,
)
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

STRIDE = 16
BOX = 5  # objectness, tx, ty, tw, th
BGR = PictureSpec(colour="bgr", layout="nchw", resample="antialias")


class FastestDet:
    """Roles: ``image``, ``predictions``: 1 x (5 + C) x H/16 x W/16, or with the features last."""

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, BGR, UNIT, sure=True)
        if drafted is None or len(model.outputs) != 1:
            return None
        head, picture = model.outputs[0], drafted.picture
        first = are_features_first(head, picture)
        if first is None or model.ends.get(head.name) == "linear":  # its numbers are activated in the graph
            return None
        roles = {"image": drafted.image.name, "predictions": head.name}
        labels = labels_from_metadata(model.metadata)
        notes = (*drafted.notes, *_write_notes(head, first))
        card = Card(
            name="",
            task="fastestdet",
            roles=roles,
            picture=picture,
            labels=labels,
            notes=notes,
            guesses=drafted.guesses,
        )
        return drop_wrong_labels(card, _count_classes(head, first))

    def bind(self, card: Card, model: Signature) -> FastestDetCodec:
        specs = bind_roles(card, model, needed=("image", "predictions"))
        picture = bind_normalised_picture(card, specs["image"], model, BGR, UNIT)
        first = are_features_first(specs["predictions"], picture)
        if first is None:
            size = "unknown" if picture.size is None else f"{picture.size[0]} x {picture.size[1]}"
            raise TaskError(
                f"brain {card.name}: predictions is {specs['predictions']}, the input {size}",
                remedy="fastestdet reads [1 x (5 + C) x H/16 x W/16], or the same with the features last",
            )
        check_classes(card, _count_classes(specs["predictions"], first), frozenset())
        return FastestDetCodec(card, picture, first)


@attrs.frozen
class FastestDetCodec(PictureCodec):
    features_first: bool

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        head = drop_batch_axis(self.card, "predictions", outputs["predictions"], (None, None))
        head = head if self.features_first else head.transpose(2, 0, 1)
        features = head.reshape(len(head), -1)
        classes = features[BOX:]
        best = np.maximum(features[0], 0) ** 0.6 * np.maximum(score_best_class(classes, 0), 0) ** 0.4
        cells = np.flatnonzero(best >= self.card.threshold)
        scores = np.maximum(features[0, cells], 0) ** 0.6 * np.maximum(classes[:, cells], 0) ** 0.4
        found, rows = np.nonzero(scores >= self.card.threshold)  # a cell may be of several classes
        boxes = points_to_picture(
            _decode_boxes(features[1:BOX, cells].T, cells, head.shape[1:]), self.placement_of(frame), normalised=True
        )
        return build_suppressed_inference(self.card, KIND, frame.size, boxes[rows], scores[found, rows], found)


def are_features_first(head: TensorSpec, picture: PictureSpec) -> bool | None:
    """Whether the features are the axis after the batch; None where the shape is not that of such a head."""
    if head.shape is None or len(head.shape) != 4 or head.shape[0] not in (1, None) or picture.size is None:
        return None
    wide, high = picture.size
    grid = (high // STRIDE, wide // STRIDE)
    if wide % STRIDE or high % STRIDE:
        return None
    ways = {True: (head.shape[1], head.shape[2:]), False: (head.shape[3], head.shape[1:3])}
    return next((first for first, (features, cells) in ways.items() if cells == grid and (features or 0) > BOX), None)


def _count_classes(head: TensorSpec, first: bool) -> int:
    return (axis_length(head, 1 if first else 3) or BOX) - BOX


def _decode_boxes(values: Floats, cells: NDArray[np.intp], grid: tuple[int, ...]) -> NDArray[np.float32]:
    """Normalised x1, y1, x2, y2 from N x 4 tx, ty, tw, th of N cells, numbered line by line in a (high, wide) grid."""
    high, wide = grid
    places = np.stack([cells % wide, cells // wide], axis=1)
    centres = (places + np.tanh(values[:, :2])) / np.array([wide, high])
    return centred_to_corners(np.concatenate([centres, sigmoid(values[:, 2:])], axis=1))


def _write_notes(head: TensorSpec, first: bool) -> tuple[str, ...]:
    where = "after the batch" if first else "last"
    return (
        f"predictions is output {head.name}, by its shape: one cell in {STRIDE} pixels, the features {where}",
        "classes count from 0, as the network numbers them",
    )
