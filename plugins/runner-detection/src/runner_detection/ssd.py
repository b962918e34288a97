"""SSD without its post-processing: a box offset and class scores for each anchor.

Source: Liu et al., SSD, 2016, and tensorflow/models box_coders/faster_rcnn_box_coder.py.
centre = anchor centre + offset * variance * anchor size; size = anchor size * exp(offset * variance).
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import SIGNED, Frame, PictureSpec
from runner_core.results import Floats, Inference, centred_to_corners, points_to_picture
from runner_core.tasks import (
    ACTIVATIONS,
    PictureCodec,
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
    read_index,
    short_name,
)
from runner_detection.anchors import SCHEMES, Scheme, find_scheme
from runner_detection.box_order import YX_TO_XY
from runner_detection.class_scores import pick_best_class
from runner_detection.kind import KIND
from runner_detection.numeric_options import read_matrix, read_numbers
from runner_detection.output_pairs import axis_length, check_same_rows, find_tensor_pair

# Names of (offsets, scores) in exports, and the order of an offset's four numbers there.
NAMES = {("box_encodings", "class_predictions"): "yxhw", ("mbox_loc", "mbox_conf"): "xywh", ("loc", "conf"): "xywh"}
VARIANCES = (0.1, 0.1, 0.2, 0.2)


@attrs.frozen
class Offsets:
    """The outputs of an SSD, the ``order`` of an offset's numbers, and its ``scheme`` of anchors, if one is known."""

    boxes: TensorSpec
    scores: TensorSpec
    order: str
    scheme: str | None


def find_offsets(model: Signature) -> Offsets | None:
    """The outputs of an SSD by their names, or by as many rows as a known scheme has for the input; None for others."""
    named = find_tensor_pair(model.outputs, *NAMES)
    pair = named or _find_pair_by_shape(model.outputs)
    plain = find_picture_input(model, PictureSpec())
    if pair is None or plain is None:
        return None
    boxes, scores = pair
    scheme = find_scheme(axis_length(boxes, -2), plain[1].size)
    if named is None and not (scheme and _are_offsets(model, boxes, SCHEMES[scheme])):
        return None
    order = NAMES.get((short_name(boxes.name), short_name(scores.name)), SCHEMES[scheme].order if scheme else "xywh")
    return Offsets(boxes, scores, order, scheme)


class Ssd:
    """Roles: ``image``, ``boxes`` (offsets, 1 x N x 4), ``scores`` (1 x N x C).

    Card options:
    ``anchors``     N rows of centre x, centre y, width, height, normalised, or the name of a known scheme. Required: no
                    model file has them.
    ``variances``   for centre x, centre y, width, height; 0.1, 0.1, 0.2, 0.2 by default.
    ``order``       of an offset's numbers: ``xywh`` (default) or ``yxhw``.
    ``activation``  what is still to be applied to scores: ``none`` (default), ``sigmoid`` (of ``logits``), ``softmax``.
    ``background``  the class that no instance has; none by default.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        found = find_offsets(model)
        if found is None:
            return None
        if found.scheme:
            return _draft_known(model, found, SCHEMES[found.scheme])
        drafted = draft_input(model, PictureSpec(), SIGNED)
        if drafted is None:
            return None
        boxes, scores, order = found.boxes, found.scores, found.order
        card = Card(
            name="",
            task="ssd",
            roles={"image": drafted.image.name, "boxes": boxes.name, "scores": scores.name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata, first=1),
            first_class=1,
            options={"order": order, "variances": list(VARIANCES), "activation": "none", "background": 0},
            notes=(*drafted.notes, *_write_notes(boxes, scores)),
            guesses=(*drafted.guesses, *_list_guesses(order)),
        )
        return drop_wrong_labels(card, axis_length(scores, -1))

    def bind(self, card: Card, model: Signature) -> SsdCodec:
        specs = bind_roles(card, model, needed=("image", "boxes", "scores"))
        anchors, scheme = _read_anchors(card), SCHEMES.get(str(card.options.get("anchors")))
        check_shape(card, "boxes", specs["boxes"], (1, len(anchors), 4), (len(anchors), 4))
        check_shape(card, "scores", specs["scores"], (1, len(anchors), None), (len(anchors), None))
        check_classes(card, axis_length(specs["scores"], -1))
        return SsdCodec(
            card,
            bind_normalised_picture(card, specs["image"], model, PictureSpec(), scheme.values if scheme else SIGNED),
            anchors,
            read_numbers(card, "variances", VARIANCES),
            read_choice(card, "order", "xywh", "yxhw") or "xywh",
            read_activation(card, logits="sigmoid") or "none",
            read_index(card, "background", axis_length(specs["scores"], -1)),
        )


@attrs.frozen
class SsdCodec(PictureCodec):
    anchors: NDArray[np.float32]
    variances: NDArray[np.float32]
    order: str
    activation: str
    background: int | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        offsets = drop_batch_axis(self.card, "boxes", outputs["boxes"], (4,))
        logits = drop_batch_axis(self.card, "scores", outputs["scores"], (None,))
        check_same_rows(self.card, {"boxes": len(offsets), "scores": len(logits), "anchors": len(self.anchors)})
        scores = ACTIVATIONS[self.activation](logits)
        rows, best, classes = pick_best_class(scores, self.card.threshold, self.background)
        boxes = points_to_picture(
            self._decode_boxes(offsets[rows], self.anchors[rows]), self.placement_of(frame), normalised=True
        )
        return build_suppressed_inference(self.card, KIND, frame.size, boxes, best, classes)

    def _decode_boxes(self, offsets: Floats, anchors: Floats) -> NDArray[np.float32]:
        """Normalised x1, y1, x2, y2 of N offsets from their N anchors."""
        steps = (offsets[:, YX_TO_XY] if self.order == "yxhw" else offsets) * self.variances
        centres = anchors[:, :2] + steps[:, :2] * anchors[:, 2:]
        sizes = anchors[:, 2:] * np.exp(steps[:, 2:])
        return centred_to_corners(np.concatenate([centres, sizes], axis=1))


def _find_pair_by_shape(outputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, TensorSpec] | None:
    if len(outputs) != 2 or any(not spec.shape or len(spec.shape) != 3 for spec in outputs):
        return None
    boxes, scores = sorted(outputs, key=lambda spec: axis_length(spec, -1) != 4)
    same = axis_length(boxes, -2) == axis_length(scores, -2)
    return (boxes, scores) if same and axis_length(boxes, -1) == 4 else None


def _are_offsets(model: Signature, boxes: TensorSpec, scheme: Scheme) -> bool:
    """Whether nothing after the network's last layer has made boxes of them, as far as the graph tells."""
    certain = axis_length(boxes, -2) is not None and not scheme.often_decoded
    return True if certain and not model.ends else model.ends.get(boxes.name) == "linear"


def _draft_known(model: Signature, found: Offsets, scheme: Scheme) -> Card | None:
    """A network whose anchors are known: nothing about it is guessed, but what its scores still need."""
    drafted = draft_input(model, PictureSpec(), scheme.values, sure=True)
    if drafted is None:
        return None
    end = model.ends.get(found.scores.name)
    activation = "none" if end in ("sigmoid", "softmax") else "sigmoid"
    guess: tuple[Guess, ...] = () if end else (Guess("outputs", "scores are logits", ("outputs",)),)
    if axis_length(found.boxes, -2) is None:
        guess += (Guess("anchors", f"anchors are those of {found.scheme}", ("options.anchors",)),)
    columns = axis_length(found.scores, -1)
    first = 0 if scheme.background is None else 1
    names = scheme.names if columns == len(scheme.names) + first else ()
    card = Card(
        name="",
        task="ssd",
        roles={"image": drafted.image.name, "boxes": found.boxes.name, "scores": found.scores.name},
        picture=drafted.picture,
        labels=labels_from_metadata(model.metadata, first=first) or LabelMap.from_names(names, first=first),
        threshold=scheme.threshold,
        iou=scheme.iou,
        first_class=first,
        options={"anchors": found.scheme, "order": found.order, "activation": activation}
        | ({} if scheme.background is None else {"background": scheme.background}),
        notes=(
            *drafted.notes,
            f"boxes is output {found.boxes.name} and scores is output {found.scores.name}",
            f"anchors are those of {found.scheme}, by their number and the input's size",
        ),
        guesses=(*drafted.guesses, *guess),
    )
    return drop_wrong_labels(card, columns)


def _read_anchors(card: Card) -> NDArray[np.float32]:
    """The option, rows of numbers or the name of a scheme. Raises TaskError."""
    given = card.options.get("anchors")
    if isinstance(given, str) and given in SCHEMES:
        return SCHEMES[given].make()
    return read_matrix(card, "anchors", 4)


def _list_guesses(order: str) -> Iterator[Guess]:
    yield Guess("boxes", f"offsets in the order {order}, variances {VARIANCES}", ("options.order", "options.variances"))
    yield Guess("outputs", "scores need no activation", ("outputs",))
    yield Guess("background", "class 0 is the background", ("background", "labels"))


def _write_notes(boxes: TensorSpec, scores: TensorSpec) -> tuple[str, ...]:
    return (
        f"boxes is output {boxes.name} and scores is output {scores.name}, by their names",
        "missing: options.anchors, N rows of centre x, centre y, width, height, normalised; no model file has them",
    )
