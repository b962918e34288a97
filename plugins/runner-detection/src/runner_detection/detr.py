"""DETR and models like it: a fixed number of queries, each with class logits and a box; no NMS is needed.

Source: facebookresearch/detr, models/detr.py, PostProcess. Boxes are centre x, centre y, width, height, normalised; the
softmax covers the classes and "no object", the last one. RT-DETR and RF-DETR have a sigmoid for each class instead.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import IMAGENET, Frame, PictureSpec
from runner_core.results import Inference, centred_to_corners, points_to_picture
from runner_core.tasks import (
    ACTIVATIONS,
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_classes,
    check_shape,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    find_tensor,
    labels_from_metadata,
    read_choice,
    select_best_rows,
    short_name,
)
from runner_detection.class_scores import pick_best_class
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length, check_same_rows, find_tensor_pair

# The names of (boxes, logits) in exports, and the activation that makes scores of these logits.
NAMES = {("pred_boxes", "pred_logits"): "softmax", ("pred_boxes", "logits"): "softmax", ("dets", "labels"): "sigmoid"}
FITTED = PictureSpec(size=(1333, 800), resize="fit", layout="nchw")  # for an input of any size


class Detr:
    """Roles: ``image``, ``boxes``, ``logits``; ``valid`` for the input that marks pixels as part of the picture.

    Card option ``activation``: ``softmax`` (the last class is "no object"; default) or ``sigmoid``.
    Each query gives one row, of its best class.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        found, valid = find_tensor_pair(model.outputs, *NAMES), find_tensor(model.inputs, "pixel_mask")
        pictures = attrs.evolve(model, inputs=tuple(spec for spec in model.inputs if spec is not valid))
        drafted = draft_input(pictures, _choose_picture(pictures.inputs[0]), IMAGENET) if pictures.inputs else None
        if found is None or drafted is None:
            return None
        boxes, logits = found
        scores = NAMES[short_name(boxes.name), short_name(logits.name)]
        card = Card(
            name="",
            task="detr",
            roles={"image": drafted.image.name, "boxes": boxes.name, "logits": logits.name}
            | ({"valid": valid.name} if valid else {}),
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            options={"activation": scores},
            notes=(*drafted.notes, f"boxes is output {boxes.name} and logits is output {logits.name}, by their names"),
            guesses=(
                *drafted.guesses,
                Guess("outputs", f"scores are the {scores} of the logits, by their names", ("outputs",)),
            ),
        )
        return drop_wrong_labels(card, _count_classes(logits, scores))

    def bind(self, card: Card, model: Signature) -> DetrCodec:
        specs = bind_roles(card, model, needed=("image", "boxes", "logits"), optional=("valid",))
        check_shape(card, "boxes", specs["boxes"], (1, None, 4), (None, 4))
        check_shape(card, "logits", specs["logits"], (1, None, None), (None, None))
        check_same_rows(card, {role: axis_length(specs[role], -2) for role in ("boxes", "logits")})
        picture = bind_normalised_picture(card, specs["image"], model, _choose_picture(specs["image"]), IMAGENET)
        scores = read_choice(card, "activation", "softmax", "sigmoid") or "softmax"
        check_classes(card, _count_classes(specs["logits"], scores))
        return DetrCodec(card, picture, scores, specs.get("valid"))


@attrs.frozen
class DetrCodec(PictureCodec):
    scores: str
    valid: TensorSpec | None

    def encode(self, frame: Frame) -> Tensors:
        tensors = PictureCodec.encode(self, frame)
        return tensors if self.valid is None else {**tensors, "valid": self._make_valid(frame, self.valid)}

    def _make_valid(self, frame: Frame, spec: TensorSpec) -> NDArray[np.generic]:
        """1 x H x W ones: no pixel is padding."""
        wide, high = self.placement_of(frame).tensor
        sides = zip((spec.shape or (None, None, None))[-2:], (high, wide), strict=True)
        return np.ones((1, *(fixed or own for fixed, own in sides)), spec.dtype)

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        logits = drop_batch_axis(self.card, "logits", outputs["logits"], (None,))
        boxes = drop_batch_axis(self.card, "boxes", outputs["boxes"], (4,))
        check_same_rows(self.card, {"logits": len(logits), "boxes": len(boxes)})
        scores = ACTIVATIONS[self.scores](logits)
        rows, best, classes = pick_best_class(
            scores[:, :-1] if self.scores == "softmax" else scores, self.card.threshold
        )
        order = select_best_rows(best, self.card.threshold)
        corners = centred_to_corners(boxes[rows[order]])
        boxes = points_to_picture(corners, self.placement_of(frame), normalised=True)
        return build_inference(self.card, KIND, frame.size, boxes, best[order], classes[order])


def _count_classes(logits: TensorSpec, scores: str) -> int | None:
    """How many classes there are, without "no object"."""
    columns = axis_length(logits, -1)
    return columns - 1 if columns and scores == "softmax" else columns


def _choose_picture(image: TensorSpec) -> PictureSpec:
    """For an input of any size a picture shrinks and keeps its proportions; to a fixed size it is stretched."""
    free = image.shape is None or None in image.shape[-2:]
    return FITTED if free else attrs.evolve(FITTED, size=None, resize="stretch")
