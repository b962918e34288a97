"""Yolo-FastestV2: for each cell of 16 and 32 pixels three boxes and objectnesses, and class scores that they share.

Source: github.com/dog-qiuqiu/Yolo-FastestV2, ``model/detector.py`` (what an export applies), ``utils/utils.py``
(``handel_preds``) and ``data/coco.data`` (anchors). Of numbers from 0 to 1 for cell x, y:
centre = (2 * number - 0.5 + (x, y)) * stride; size = (2 * number)^2 * anchor; score = objectness * class.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Inference, centred_to_corners
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_suppressed_inference,
    check_classes,
    draft_input,
    drop_wrong_labels,
    labels_from_metadata,
)
from runner_detection.cells import count_cells, list_cells
from runner_detection.class_scores import pick_best_class
from runner_detection.kind import KIND
from runner_detection.numeric_options import read_matrix
from runner_detection.output_pairs import axis_length

USUAL = PictureSpec(size=(352, 352), colour="bgr", layout="nchw")
STRIDES, EACH, COCO = (16, 32), 3, 80
BOXES = 4 * EACH  # columns: boxes, objectnesses, classes
SHARED = BOXES + EACH
ANCHORS = ((12.64, 19.39), (37.88, 51.48), (55.71, 138.31), (126.91, 78.23), (131.57, 214.55), (279.92, 258.87))
TABLE, MAPS = ("cells",), ("cells_16", "cells_32")  # roles


class YoloFastestV2:
    """Roles: ``image``; ``cells`` (N x (15 + C), those of 16 pixels first), or ``cells_16`` and ``cells_32``, as maps.

    Card options:
    ``anchors``  six rows of width and height in pixels of the input, three for each stride; COCO's by default.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, USUAL, UNIT, sure=True)
        roles = TABLE if len(model.outputs) == 1 else MAPS
        if drafted is None or len(model.outputs) != len(roles) or not drafted.picture.size:
            return None
        if roles == MAPS and any(model.ends.get(spec.name) != "sigmoid" for spec in model.outputs):
            return None  # maps without their activation may be those of another YOLO
        classes = _count_classes(model.outputs, drafted.picture.size)
        if classes is None:
            return None
        named = {role: spec.name for role, spec in zip(roles, model.outputs, strict=True)}
        guess = Guess("anchors", "anchors are those of the training on COCO", ("options.anchors",))
        card = Card(
            name="",
            task="yolo-fastest-v2",
            roles={"image": drafted.image.name, **named},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.3,
            iou=0.4,
            options={"anchors": [list(side) for side in ANCHORS]},
            notes=(
                *drafted.notes,
                *(f"{role} is output {name}, by its shape" for role, name in named.items()),
                "threshold 0.3 and iou 0.4, as Yolo-FastestV2 has them",
            ),
            guesses=(*drafted.guesses, *(() if classes == COCO else (guess,))),
        )
        return drop_wrong_labels(card, classes)

    def bind(self, card: Card, model: Signature) -> YoloFastestV2Codec:
        roles = TABLE if "cells" in card.roles else MAPS
        specs = bind_roles(card, model, needed=("image", *roles))
        picture = bind_normalised_picture(card, specs["image"], model, USUAL, UNIT)
        classes = _count_classes([specs[role] for role in roles], picture.size or (352, 352))
        anchors = read_matrix(card, "anchors", 2)
        if classes is None or len(anchors) != EACH * len(STRIDES):
            shapes = ", ".join(str(specs[role]) for role in roles)
            raise TaskError(
                f"brain {card.name}: {shapes} and {len(anchors)} anchors for an input of {picture.size}",
                remedy="yolo-fastest-v2 reads 15 + C numbers for each cell of 16 and 32 pixels, and has six anchors",
            )
        check_classes(card, classes)
        return YoloFastestV2Codec(card, picture, roles, anchors)


@attrs.frozen
class YoloFastestV2Codec(PictureCodec):
    roles: tuple[str, ...]
    anchors: NDArray[np.float32]

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        rows = np.concatenate([outputs[role].reshape(-1, outputs[role].shape[-1]) for role in self.roles])
        cells = list_cells(placement.tensor, STRIDES)
        scores = rows[:, BOXES:SHARED, None] * rows[:, None, SHARED:]
        boxes, best, classes = pick_best_class(scores.reshape(len(rows) * EACH, -1), self.card.threshold)
        told = rows[:, :BOXES].reshape(-1, 4)[boxes]
        column, line, stride = cells[boxes // EACH].T
        anchors = self.anchors[EACH * (stride == STRIDES[1]).astype(int) + boxes % EACH]
        centres = (2 * told[:, :2] - 0.5 + np.stack([column, line], axis=1)) * stride[:, None]
        corners = centred_to_corners(np.concatenate([centres, (2 * told[:, 2:]) ** 2 * anchors], axis=1))
        return build_suppressed_inference(self.card, KIND, frame.size, placement.to_picture(corners), best, classes)


def _count_classes(outputs: list[TensorSpec] | tuple[TensorSpec, ...], size: tuple[int, int]) -> int | None:
    """Of a table of all cells, or of a map for each stride; None for other outputs."""
    features = {axis_length(spec, -1) for spec in outputs}
    shapes = [tuple(side for side in (spec.shape or ())[:-1] if side != 1) for spec in outputs]
    grids = [(-(-size[1] // stride), -(-size[0] // stride)) for stride in STRIDES]
    (width,) = features if len(features) == 1 else (None,)
    if shapes not in (grids, [(count_cells(size, *STRIDES),)]) or width is None or width <= SHARED:
        return None
    return width - SHARED
