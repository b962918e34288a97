"""Decoded boxes with class scores, as face detectors and many others export them.

Either two outputs, boxes N x 4 and scores N x C, whose overlapping boxes are not suppressed yet; or three, boxes N x 4,
scores N and classes N, which are final.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import UNITS, Floats, Inference, are_normalised, points_to_picture
from runner_core.tasks import (
    ACTIVATIONS,
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    build_suppressed_inference,
    check_classes,
    check_shape,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    labels_from_metadata,
    read_activation,
    read_choice,
    read_flag,
    read_index,
    select_best_rows,
    short_name,
)
from runner_detection import detr, ssd, tf_detection
from runner_detection.anchors import SCHEMES, find_scheme
from runner_detection.box_order import TO_CORNERS
from runner_detection.class_scores import pick_best_class, pick_every_class
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length, check_same_rows, find_tensor_pair, find_tensors

CLASS_WORDS, SCORE_WORDS = ("label", "class"), ("score", "conf", "prob")


class BoxesScores:
    """Roles: ``image``, ``boxes``, ``scores``, and ``classes`` where there is one score a box.

    Card options:
    ``order``       of a box's numbers: ``xyxy`` (default), ``yxyx``, ``cxcywh``, ``xywh``.
    ``boxes``       ``normalised`` or ``absolute``; absent: absolute where a number is above 2.
    ``activation``  what is still to be applied to scores: ``none`` (default), ``sigmoid`` (of ``logits``), ``softmax``.
    ``background``  the column of scores that no instance has; none by default.
    ``first``       the number of the first column's class; 0 by default.
    ``several``     whether a box may be of several classes, or of its best one alone (default).
    ``nms``         whether overlapping boxes are suppressed; by default where there are no ``classes``.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, PictureSpec(), UNIT)
        found = None if _is_other_family(model) else _find_outputs(model.outputs)
        if drafted is None or found is None:
            return None
        if ultraface := _draft_ultraface(model, found, drafted.picture.size):
            return ultraface
        final = "classes" in found
        binary = not final and axis_length(found["scores"], -1) == 2
        card = Card(
            name="",
            task="boxes-scores",
            roles={"image": drafted.image.name} | {role: spec.name for role, spec in found.items()},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata, first=int(binary)),
            first_class=int(binary),
            options={"order": "xyxy", "nms": not final} | ({"background": 0} if binary else {}),
            notes=(*drafted.notes, *_write_notes(found)),
            guesses=(*drafted.guesses, *_list_guesses(binary=binary)),
        )
        return drop_wrong_labels(card, None if final else axis_length(found["scores"], -1))

    def bind(self, card: Card, model: Signature) -> BoxesScoresCodec:
        specs = bind_roles(card, model, needed=("image", "boxes", "scores"), optional=("classes",))
        single = "classes" in specs
        row: tuple[None, ...] = () if single else (None,)
        check_shape(card, "boxes", specs["boxes"], (1, None, 4), (None, 4))
        check_shape(card, "scores", specs["scores"], (1, None, *row), (None, *row))
        if single:
            check_shape(card, "classes", specs["classes"], (1, None), (None,))
        rows = {role: axis_length(spec, -2 if role == "boxes" or not single else -1) for role, spec in specs.items()}
        check_same_rows(card, {role: number for role, number in rows.items() if role != "image"})
        columns, first = None if single else axis_length(specs["scores"], -1), read_index(card, "first", None) or 0
        check_classes(card, None if columns is None else columns + first)
        return BoxesScoresCodec(
            card,
            _bind_picture(card, specs, model),
            order=read_choice(card, "order", *TO_CORNERS) or "xyxy",
            boxes=read_choice(card, "boxes", *UNITS),
            activation=read_activation(card, logits="sigmoid") or "none",
            background=None if single else read_index(card, "background", columns),
            first=first,
            several=read_flag(card, "several", False),
            nms=read_flag(card, "nms", not single),
        )


@attrs.frozen
class BoxesScoresCodec(PictureCodec):
    order: str
    boxes: str | None
    activation: str
    background: int | None
    first: int
    several: bool
    nms: bool

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        every = drop_batch_axis(self.card, "boxes", outputs["boxes"], (4,))
        rows, scores, classes = self._select_rows(outputs, len(every))
        corners = TO_CORNERS[self.order](every[rows])
        normalised = are_normalised(corners, self.boxes)
        boxes = points_to_picture(corners, self.placement_of(frame), normalised=normalised)
        build = build_suppressed_inference if self.nms else build_inference
        return build(self.card, KIND, frame.size, boxes, scores, classes)

    def _select_rows(self, outputs: Tensors, count: int) -> tuple[NDArray[np.intp], Floats, NDArray[np.number]]:
        """The rows that reach the threshold, best first, with their scores and classes."""
        activate = ACTIVATIONS[self.activation]
        if "classes" in outputs:
            scores = drop_batch_axis(self.card, "scores", outputs["scores"], ())
            classes = drop_batch_axis(self.card, "classes", outputs["classes"], ())
            check_same_rows(self.card, {"boxes": count, "scores": len(scores), "classes": len(classes)})
            rows = select_best_rows(activate(scores), self.card.threshold)
            return rows, activate(scores)[rows], classes[rows]
        scores = drop_batch_axis(self.card, "scores", outputs["scores"], (None,))
        check_same_rows(self.card, {"boxes": count, "scores": len(scores)})
        choose = pick_every_class if self.several else pick_best_class
        rows, best, columns = choose(activate(scores), self.card.threshold, self.background)
        order = select_best_rows(best, self.card.threshold)
        return rows[order], best[order], columns[order] + self.first


def _is_other_family(model: Signature) -> bool:
    """Whether the outputs are named as those of another family."""
    if find_tensor_pair(model.outputs, *detr.NAMES) or ssd.find_offsets(model):
        return True
    return len(find_tensors(model.outputs, tf_detection.NEEDED)) == len(tf_detection.NEEDED)


def _find_outputs(outputs: tuple[TensorSpec, ...]) -> dict[str, TensorSpec] | None:
    """Role -> output, by shapes, and by names where shapes leave it open; None for other outputs."""
    boxes = _find_boxes(outputs)
    rest = [spec for spec in outputs if spec is not boxes]
    if boxes is None or boxes.shape is None:
        return None
    batch = boxes.shape[:-1]
    if len(rest) == 1 and rest[0].shape and rest[0].shape[:-1] == batch:
        return {"boxes": boxes, "scores": rest[0]}
    classes = [spec for spec in rest if spec.dtype.startswith("int") or _has_word(spec, CLASS_WORDS)]
    scores = [spec for spec in rest if spec not in classes and _has_word(spec, SCORE_WORDS)]
    if len(rest) == 2 and len(classes) == len(scores) == 1 and rest[0].shape == rest[1].shape == batch:
        return {"boxes": boxes, "scores": scores[0], "classes": classes[0]}
    return None


def _find_boxes(outputs: tuple[TensorSpec, ...]) -> TensorSpec | None:
    """The one output of [1] x N x 4; of several the one that is named box. N may be free only where it is so named."""
    fours = [spec for spec in outputs if spec.shape and len(spec.shape) in (2, 3) and spec.shape[-1] == 4]
    named = [spec for spec in fours if _has_word(spec, ("box",))]
    candidates = [spec for spec in named or fours if len(spec.shape or ()) == 2 or (spec.shape or ())[0] in (1, None)]
    if len(candidates) != 1:
        return None
    rows = axis_length(candidates[0], -2)
    return candidates[0] if named or (rows or 0) > 1 else None


def _has_word(spec: TensorSpec, words: tuple[str, ...]) -> bool:
    return any(word in short_name(spec.name).lower() for word in words)


def _write_notes(found: dict[str, TensorSpec]) -> Iterator[str]:
    return (f"{role} is output {spec.name}, by its shape and name" for role, spec in found.items())


def _list_guesses(*, binary: bool) -> Iterator[Guess]:
    yield Guess(
        "boxes", "boxes are decoded and xyxy, pixels where a number is above 2", ("options.order", "options.boxes")
    )
    yield Guess("outputs", "scores need no activation", ("outputs",))
    if binary:
        yield Guess("background", "of two classes the first is the background", ("background", "labels"))


def _bind_picture(card: Card, specs: dict[str, TensorSpec], model: Signature) -> PictureSpec:
    """With the values of UltraFace where the number of boxes is its own."""
    plain = bind_normalised_picture(card, specs["image"], model, PictureSpec(), UNIT)
    name = _find_ultraface(specs["boxes"], plain.size)
    usual = SCHEMES[name].values if name else None
    return bind_normalised_picture(card, specs["image"], model, PictureSpec(), usual) if usual else plain


def _find_ultraface(boxes: TensorSpec, size: tuple[int, int] | None) -> str | None:
    """The name of UltraFace's scheme with as many anchors as there are boxes, for an input of (width, height)."""
    name = find_scheme(axis_length(boxes, -2), size)
    return name if name and name.startswith("ultraface") else None


def _draft_ultraface(model: Signature, found: dict[str, TensorSpec], size: tuple[int, int] | None) -> Card | None:
    """UltraFace with its boxes decoded, by its number of anchors; None for others."""
    name = _find_ultraface(found["boxes"], size)
    scheme = SCHEMES[name] if name else None
    drafted = draft_input(model, PictureSpec(), scheme.values, sure=True) if scheme else None
    if scheme is None or drafted is None or axis_length(found["scores"], -1) != 1 + len(scheme.names):
        return None
    return Card(
        name="",
        task="boxes-scores",
        roles={"image": drafted.image.name} | {role: spec.name for role, spec in found.items()},
        picture=drafted.picture,
        labels=LabelMap.from_names(scheme.names, first=1),
        threshold=scheme.threshold,
        iou=scheme.iou,
        first_class=1,
        options={"order": "xyxy", "boxes": "normalised", "nms": True, "background": 0},
        notes=(
            *drafted.notes,
            *_write_notes(found),
            f"they are {name}'s, by their number",
        ),
        guesses=drafted.guesses,
    )
