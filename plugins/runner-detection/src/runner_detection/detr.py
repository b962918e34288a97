"""DETR and its kin: a fixed number of queries, each with class logits and a box; no suppression is needed.

Source: facebookresearch/detr, models/detr.py, PostProcess. Boxes are centre x, centre y, width, height, normalised; the
softmax runs over the classes and "no object", the last one. RT-DETR and RF-DETR have a sigmoid for each class instead.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.card import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frame import Frame
from runner_core.inference import Inference
from runner_core.picture import PictureSpec
from runner_detection.assemble import KIND, assemble, best_rows
from runner_detection.boxes import centred_to_corners, to_picture
from runner_detection.class_scores import ACTIVATIONS, best_class
from runner_detection.codec import PictureCodec
from runner_detection.names import bare, find, find_pair
from runner_detection.options import choice
from runner_detection.picture_input import is_picture, picture_for
from runner_detection.roles import axis, expect, expect_same_rows, roles_of, unbatched

# Names of (boxes, logits) in exports, and what makes scores of these logits.
NAMES = {("pred_boxes", "pred_logits"): "softmax", ("pred_boxes", "logits"): "softmax", ("dets", "labels"): "sigmoid"}
IMAGENET = PictureSpec(
    size=(1333, 800), resize="fit", layout="nchw", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
)


class Detr:
    """Roles: ``image``, ``boxes``, ``logits``; ``valid`` for the input that marks pixels as part of the picture.

    Card option ``scores``: ``softmax`` (the last class is "no object"; default) or ``sigmoid``.
    Each query gives its best class.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        found = find_pair(model.outputs, *NAMES)
        images = [spec for spec in model.inputs if spec.dtype != "string" and is_picture(spec)]
        valid = find(model.inputs, "pixel_mask")
        if found is None or len(images) != 1 or len(model.inputs) != (1 if valid is None else 2):
            return None
        (boxes, logits), image = found, images[0]
        roles = {"image": image.name, "boxes": boxes.name, "logits": logits.name}
        if valid is not None:
            roles["valid"] = valid.name
        scores = NAMES[bare(boxes.name), bare(logits.name)]
        card = Card(name="", task="detr", roles=roles, options={"scores": scores})
        return attrs.evolve(card, picture=picture_for(card, image, IMAGENET), notes=tuple(_notes(card, image)))

    def bind(self, card: Card, model: Signature) -> DetrCodec:
        specs = roles_of(card, model, needed=("image", "boxes", "logits"), optional=("valid",))
        expect(card, "boxes", specs["boxes"], (1, None, 4), (None, 4))
        expect(card, "logits", specs["logits"], (1, None, None), (None, None))
        expect_same_rows(card, {role: axis(specs[role], -2) for role in ("boxes", "logits")})
        picture = picture_for(card, specs["image"], IMAGENET)
        scores = choice(card, "scores", "softmax", "sigmoid") or "softmax"
        return DetrCodec(card, picture, scores, specs.get("valid"))


@attrs.frozen
class DetrCodec(PictureCodec):
    scores: str
    valid: TensorSpec | None

    def encode(self, frame: Frame) -> Tensors:
        tensors = PictureCodec.encode(self, frame)
        return tensors if self.valid is None else {**tensors, "valid": self._all_valid(frame, self.valid)}

    def _all_valid(self, frame: Frame, spec: TensorSpec) -> NDArray[np.generic]:
        """Ones of 1 x H x W: no pixel is padding."""
        wide, high = self.placed(frame).tensor
        sides = zip((spec.shape or (None, None, None))[-2:], (high, wide), strict=True)
        return np.ones((1, *(fixed or own for fixed, own in sides)), spec.dtype)

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        logits = unbatched(self.card, "logits", outputs["logits"], (None,))
        boxes = unbatched(self.card, "boxes", outputs["boxes"], (4,))
        expect_same_rows(self.card, {"logits": len(logits), "boxes": len(boxes)})
        scores = ACTIVATIONS[self.scores](logits)
        rows, best, classes = best_class(scores[:, :-1] if self.scores == "softmax" else scores, self.card.threshold)
        order = best_rows(best, self.card.threshold)
        corners = centred_to_corners(boxes[rows[order]])
        boxes = to_picture(corners, self.placed(frame), normalised=True)
        return assemble(self.card, frame.size, boxes, best[order], classes[order])


def _notes(card: Card, image: TensorSpec) -> Iterator[str]:
    yield f"image is input {image.name}, the only picture"
    yield from (f"{role} is {name}, by its name {bare(name)}" for role, name in card.roles.items() if role != "image")
    other = "sigmoid, as RT-DETR has it" if card.options["scores"] == "softmax" else "softmax, as DETR has it"
    yield f"guess: scores are the {card.options['scores']} of the logits, by the names; options.scores: {other}"
    yield "guess: the input takes RGB with ImageNet's mean and deviation; a card's picture settles it"
    yield "guess: classes count from 0, as the logits do; a label map settles it"
