"""YOLO v2, v3 and v4 without their last layer: maps of anchors, each with a box, an objectness and class scores.

Sources: Redmon and Farhadi, YOLO9000, 2016, and YOLOv3, 2018; github.com/AlexeyAB/darknet, src/region_layer.c and
yolo_layer.c. For cell x, y: centre = (x, y + sigmoid(offset)) * stride; size = anchor * exp(number);
score = sigmoid(objectness) * class, by softmax in v2 and by a sigmoid each in v3.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Floats, Inference, centred_to_corners, points_to_picture
from runner_core.tasks import (
    ACTIVATIONS,
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_suppressed_inference,
    check_classes,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    labels_from_metadata,
    read_activation,
)
from runner_detection.cells import list_cells
from runner_detection.class_scores import pick_best_class
from runner_detection.kind import KIND
from runner_detection.numeric_options import read_matrix
from runner_detection.yolo_anchors import Anchors, choose_anchors

BOX = 5  # x, y, width, height, objectness
EACH = {1: 5, 2: 3, 3: 3}  # anchors of a cell, by the number of maps
MOST_OF_ONE = 20  # classes of a single map; more would take the features of a backbone for boxes
COCO = 80
V8_HEAD = 64 + COCO  # features of a map of YOLOv8, which has no anchors
STRIDES = (8, 16, 32, 64)
STRETCHED = PictureSpec()


@attrs.frozen
class Head:
    """A map: its output, its stride in pixels, and whether the features are the axis after the batch."""

    spec: TensorSpec
    stride: int
    first: bool
    features: int


class YoloHeads:
    """Roles: ``image``; for each stride ``head_16``, ``head_32``, ...: 1 x A(5 + C) x H x W, or the features last.

    Card options:
    ``anchors``     rows of width and height in pixels of the input, for the finest stride first. Required.
    ``activation``  of class scores: ``sigmoid`` (default), ``softmax``; ``none`` where the graph has applied all.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        sure = ("range", "colour") if len(model.outputs) > 1 else ()  # v2 was retrained by many, from 0 to 255 too
        drafted = draft_input(model, STRETCHED, UNIT, sure=sure)
        size = drafted.picture.size if drafted else None
        heads = _find_heads(model, size) if size else None
        if drafted is None or size is None or not heads:
            return None
        each = EACH[len(heads)]
        classes = heads[0].features // each - BOX
        anchors = choose_anchors(tuple(head.stride for head in heads), classes, each, model.metadata)
        if anchors is None:
            return None
        softmax = len(heads) == 1
        roles = {f"head_{head.stride}": head.spec.name for head in heads}
        card = Card(
            name="",
            task="yolo-heads",
            roles={"image": drafted.image.name, **roles},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.25,
            iou=0.45,
            options={
                "anchors": anchors.in_pixels().tolist(),
                "activation": "softmax" if softmax else "sigmoid",
            },
            notes=(*drafted.notes, *(f"{role} is output {name}, by its shape" for role, name in roles.items())),
            guesses=(*drafted.guesses, *_list_guesses(anchors, softmax=softmax)),
        )
        return drop_wrong_labels(card, classes)

    def bind(self, card: Card, model: Signature) -> YoloHeadsCodec:
        strides = sorted(int(role[5:]) for role in card.roles if role.startswith("head_") and role[5:].isdecimal())
        specs = bind_roles(card, model, needed=("image", *(f"head_{stride}" for stride in strides or (32,))))
        picture = bind_normalised_picture(card, specs["image"], model, STRETCHED, UNIT)
        heads = [read_head(specs[f"head_{stride}"], picture.size) for stride in strides]
        sound = [head for head in heads if head is not None]
        anchors = read_matrix(card, "anchors", 2)
        each = len(anchors) // len(strides)
        if [head.stride for head in sound] != strides or len({head.features for head in sound}) != 1 or not each:
            raise TaskError(
                f"brain {card.name}: the heads are {', '.join(str(specs[f'head_{stride}']) for stride in strides)}",
                remedy=f"yolo-heads reads a map of an input of {picture.size} for each stride, all of as many features",
            )
        classes = sound[0].features // each - BOX
        if sound[0].features % each or len(anchors) % len(strides) or classes < 1:
            raise TaskError(
                f"brain {card.name}: {sound[0].features} features do not fit {len(anchors)} anchors",
                remedy="options.anchors: rows of width and height, as many for each head",
            )
        check_classes(card, classes)
        sizes = np.split(anchors, len(strides))
        return YoloHeadsCodec(card, picture, tuple(sound), tuple(sizes), read_activation(card, "sigmoid") or "sigmoid")


@attrs.frozen
class YoloHeadsCodec(PictureCodec):
    heads: tuple[Head, ...]
    anchors: tuple[NDArray[np.float32], ...]
    activation: str

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        pairs = zip(self.heads, self.anchors, strict=True)
        found = [self._read_head(outputs, head, sizes, placement.tensor) for head, sizes in pairs]
        corners, scores, classes = (np.concatenate(part) for part in zip(*found, strict=True))
        boxes = points_to_picture(corners, placement, normalised=False)
        return build_suppressed_inference(self.card, KIND, frame.size, boxes, scores, classes)

    def _read_head(
        self, outputs: Tensors, head: Head, sizes: NDArray[np.float32], size: tuple[int, int]
    ) -> tuple[NDArray[np.float32], Floats, NDArray[np.intp]]:
        """M boxes in pixels of the tensor, M scores and M classes."""
        role = f"head_{head.stride}"
        grid = drop_batch_axis(self.card, role, outputs[role], (None, None))
        grid = grid.transpose(1, 2, 0) if head.first else grid
        rows = grid.reshape(-1, head.features // len(sizes))  # cell after cell, in each anchor after anchor
        activate = ACTIVATIONS["none" if self.activation == "none" else "sigmoid"]
        objectness = activate(rows[:, BOX - 1])
        likely = np.flatnonzero(objectness >= self.card.threshold)
        classes = ACTIVATIONS[self.activation](rows[likely, BOX:])
        kept, best, names = pick_best_class(objectness[likely, None] * classes, self.card.threshold)
        likely = likely[kept]
        cells = list_cells(size, (head.stride,))[likely // len(sizes)]
        centres = (cells[:, :2] + activate(rows[likely, :2])) * head.stride
        extents = np.exp(rows[likely, 2:4]) * sizes[likely % len(sizes)]
        return centred_to_corners(np.concatenate([centres, extents], axis=1)), best, names


def read_head(spec: TensorSpec, size: tuple[int, int] | None) -> Head | None:
    """An output as the map of a stride, for an input of (width, height); None where its shape is another."""
    if spec.shape is None or len(spec.shape) != 4 or spec.shape[0] not in (1, None) or size is None:
        return None
    for stride in STRIDES:
        grid = (size[1] // stride, size[0] // stride)
        if size[0] % stride or size[1] % stride:
            continue
        for first, features, cells in ((True, spec.shape[1], spec.shape[2:]), (False, spec.shape[3], spec.shape[1:3])):
            if cells == grid and features:
                return Head(spec, stride, first, features)
    return None


def _find_heads(model: Signature, size: tuple[int, int]) -> list[Head] | None:
    """All outputs as maps of different strides, the finest first, that can hold anchors; None for other outputs."""
    found = [read_head(spec, size) for spec in model.outputs]
    heads = sorted((head for head in found if head), key=lambda head: head.stride)
    each = EACH.get(len(heads))
    if each is None or len(heads) != len(model.outputs) or len({head.stride for head in heads}) != len(heads):
        return None
    (features, *others) = {head.features for head in heads}
    classes = features // each - BOX
    linear = all(model.ends.get(head.spec.name, "linear") == "linear" for head in heads)
    if others or features % each or classes < 1 or features == V8_HEAD or not linear:
        return None
    if len(heads) == 1:
        known = heads[0].stride == 32 or heads[0].spec.name in model.ends  # else FastestDet's, which is no layer's own
        return heads if known and (classes <= MOST_OF_ONE or classes == COCO) else None
    return heads


def _list_guesses(anchors: Anchors, *, softmax: bool) -> Iterator[Guess]:
    if not anchors.known:
        yield Guess("anchors", f"anchors are {anchors.name}", ("options.anchors",))
    yield Guess("outputs", f"class scores need a {'softmax' if softmax else 'sigmoid'}", ("outputs",))
