"""NanoDet, NanoDet-Plus and PicoDet: for each cell class scores, and a distribution for each side of the box.

Sources: github.com/RangiLyu/nanodet, nanodet/model/head/gfl_head.py and nanodet_plus_head.py, config/;
github.com/PaddlePaddle/PaddleDetection, deploy/python/picodet_postprocess.py. The distance of a side is the mean of
softmax(numbers) over 0, 1, 2, ... strides; it is measured from the middle of the cell, in NanoDet-Plus from its corner.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, LabelMap
from runner_core.contracts import Signature, Tensors
from runner_core.errors import TaskError
from runner_core.frames import IMAGENET, Frame, Normalization, PictureSpec
from runner_core.results import Floats, Inference, points_to_picture
from runner_core.tasks import (
    ACTIVATIONS,
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
    find_picture_input,
    labels_from_metadata,
    read_activation,
    read_choice,
    sigmoid,
)
from runner_detection.cells import check_cells, list_cells
from runner_detection.class_scores import pick_every_class
from runner_detection.focal_outputs import SIDES, STRIDES, TABLE_WIDTH, FocalOutputs, find_focal_outputs
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

KEPT = PictureSpec(resize="letterbox", rounding="down", layout="nchw", colour="bgr")
STRETCHED = PictureSpec(layout="nchw", colour="bgr")
BGR_VALUES = IMAGENET.reversed()


@attrs.frozen
class Kind:
    """What a network of this head takes, and its own thresholds. ``point`` is where distances begin in a cell."""

    name: str
    like: PictureSpec
    values: Normalization
    sure: tuple[str, ...]
    point: str
    threshold: float
    iou: float


NANODET = Kind("NanoDet", KEPT, BGR_VALUES, ("range", "colour"), "middle", 0.35, 0.6)
PLUS = Kind("NanoDet-Plus", STRETCHED, BGR_VALUES, ("range", "colour"), "corner", 0.35, 0.6)
PICODET = Kind("PicoDet", attrs.evolve(STRETCHED, colour="rgb"), IMAGENET, ("range", "resize"), "middle", 0.4, 0.5)


class Nanodet:
    """Roles: ``image``; ``predictions`` (1 x N x (C + 4B)), or for each stride ``scores_8`` (N x C) and ``boxes_8``
    (N x 4B), B numbers for each side.

    Card options:
    ``strides``     of the grids: [8, 16, 32] by default.
    ``point``       where in its cell distances begin: ``middle`` (default) or ``corner``.
    ``activation``  what is still to be applied to scores: ``none``, ``sigmoid`` (of ``logits``); absent: ``sigmoid``
                    where a score is not from 0 to 1.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        found = _find_outputs(model)
        if found is None:
            return None
        kind = _find_kind(found)
        drafted = draft_input(model, kind.like, kind.values, sure=kind.sure)
        if drafted is None:
            return None
        card = Card(
            name="",
            task="nanodet",
            roles={"image": drafted.image.name} | {role: spec.name for role, spec in found.roles.items()},
            picture=drafted.picture,
            labels=_read_labels(model.metadata),
            threshold=kind.threshold,
            iou=kind.iou,
            options={"strides": list(found.strides), "point": kind.point},
            notes=(
                *drafted.notes,
                *(f"{role} is output {spec.name}, by its shape" for role, spec in found.roles.items()),
                f"the outputs are those of {kind.name}; threshold {kind.threshold} and iou {kind.iou} are its own",
            ),
            guesses=drafted.guesses,
        )
        return drop_wrong_labels(card, found.classes)

    def bind(self, card: Card, model: Signature) -> NanodetCodec:
        strides = _read_strides(card)
        outputs = ["predictions"] if "predictions" in card.roles else _list_roles(strides)
        specs = bind_roles(card, model, needed=("image", *outputs))
        picture = bind_normalised_picture(card, specs["image"], model, *_usual_input(model))
        for role in outputs:
            check_shape(card, role, specs[role], (1, None, None), (None, None))
            grids = strides if role == "predictions" else (int(role.rpartition("_")[2]),)
            check_cells(card, role, axis_length(specs[role], -2), picture.size, grids)
        width = axis_length(specs[outputs[0]], -1)
        check_classes(card, width - TABLE_WIDTH if width and outputs == ["predictions"] else width)
        corner = read_choice(card, "point", "middle", "corner") == "corner"
        activation = read_activation(card, logits="sigmoid", among=("none", "sigmoid"))
        return NanodetCodec(card, picture, strides, 0.0 if corner else 0.5, activation)


@attrs.frozen
class NanodetCodec(PictureCodec):
    strides: tuple[int, ...]
    point: float  # where in its cell distances begin, as a share of the stride
    activation: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        scores, sides = self._split_outputs(outputs)
        placement = self.placement_of(frame)
        check_cells(self.card, "the outputs", len(scores), placement.tensor, self.strides)
        if self.activation == "sigmoid" or (self.activation is None and not are_probabilities(scores)):
            scores = sigmoid(scores)
        rows, best, classes = pick_every_class(scores, self.card.threshold)
        cells = list_cells(placement.tensor, self.strides)[rows]
        corners = _decode_boxes(sides[rows], cells, self.point)
        boxes = points_to_picture(corners, placement, normalised=False)
        return build_suppressed_inference(self.card, KIND, frame.size, boxes, best, classes)

    def _split_outputs(self, outputs: Tensors) -> tuple[Floats, Floats]:
        """N x C scores and N x 4B numbers of sides, stride after stride."""
        if "predictions" in outputs:
            table = drop_batch_axis(self.card, "predictions", outputs["predictions"], (None,))
            return table[:, :-TABLE_WIDTH], table[:, -TABLE_WIDTH:]
        scores, sides = (
            np.concatenate([self._read_rows(f"{part}_{stride}", outputs) for stride in self.strides])
            for part in ("scores", "boxes")
        )
        return scores, sides

    def _read_rows(self, role: str, outputs: Tensors) -> Floats:
        return drop_batch_axis(self.card, role, outputs[role], (None,))


def _find_outputs(model: Signature) -> FocalOutputs | None:
    plain = find_picture_input(model, STRETCHED)
    return find_focal_outputs(model, plain[1].size) if plain else None


def _find_kind(found: FocalOutputs) -> Kind:
    """NanoDet has three strides, the others four; PicoDet gives scores and distributions apart."""
    if len(found.strides) == 3:
        return NANODET
    return PLUS if found.is_table else PICODET


def _usual_input(model: Signature) -> tuple[PictureSpec, Normalization]:
    found = _find_outputs(model)
    kind = _find_kind(found) if found else NANODET
    return kind.like, kind.values


def _read_labels(metadata: Mapping[str, str]) -> LabelMap:
    """Also those that RapidAI's exports of PicoDet have under ``character``, one a line."""
    own = labels_from_metadata(metadata)
    return own or LabelMap.from_names(metadata.get("character", "").splitlines())


def _read_strides(card: Card) -> tuple[int, ...]:
    given = card.options.get("strides", STRIDES[0])
    if isinstance(given, list | tuple) and given and all(type(each) is int and each > 0 for each in given):
        return tuple(given)
    raise TaskError(f"brain {card.name}: the option strides is {given!r}", remedy="give whole numbers: [8, 16, 32]")


def _list_roles(strides: tuple[int, ...]) -> list[str]:
    return [f"{part}_{stride}" for part in ("scores", "boxes") for stride in strides]


def _decode_boxes(sides: Floats, cells: Floats, point: float) -> NDArray[np.float32]:
    """N x 4 x1, y1, x2, y2 in pixels of the tensor, from N x 4B numbers of left, top, right, bottom of N cells."""
    shares = ACTIVATIONS["softmax"](sides.reshape(len(sides), SIDES, sides.shape[1] // SIDES))
    reach = shares @ np.arange(shares.shape[2], dtype=np.float32) * cells[:, 2:]
    points = (cells[:, :2] + point) * cells[:, 2:]
    return np.concatenate([points - reach[:, :2], points + reach[:, 2:]], axis=1).astype(np.float32, copy=False)
