"""Keypoints as YOLO exports them: a table of boxes with keypoints after their class scores."""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.card import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frame import Frame
from runner_core.inference import Inference
from runner_core.picture import PictureSpec
from runner_keypoints.codec import PictureCodec
from runner_keypoints.drafting import drafted_input
from runner_keypoints.labelling import believed, check_classes
from runner_keypoints.metadata import labels_of, literal, size_of
from runner_keypoints.options import choice
from runner_keypoints.person import KEYPOINTS, check_names
from runner_keypoints.picture_input import picture_for
from runner_keypoints.poses import KIND, Poses, assemble
from runner_keypoints.roles import roles_of
from runner_keypoints.values import UNIT
from runner_keypoints.yolo_rows import FORMS, Head, heads_of, read_rows

USUAL = PictureSpec(size=(640, 640), resize="letterbox", pad=(114, 114, 114), std=(255.0, 255.0, 255.0))


class YoloPose:
    """Roles: ``image``, ``rows`` (each with keypoints after its classes).

    A table of 17 keypoints for one class looks as one of 52 classes without keypoints does: only an export that says
    ``pose`` in its metadata is recognised.

    Card options:
    ``kpt_shape``  how many keypoints, and how many numbers each: [17, 3]; with 2 there is no score, and all get 1.
    ``form``       of the rows: ``v8``, ``v5`` or ``end2end``. Absent: what their number and the labels allow.
    ``boxes``      ``normalised`` or ``absolute``, keypoints too. Absent: absolute where a coordinate is above 2.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        shape = _shape(literal(model.metadata, "kpt_shape"))
        drafted = drafted_input(model, attrs.evolve(USUAL, size=size_of(model.metadata) or USUAL.size), UNIT)
        if model.metadata.get("task") != "pose" or shape is None or drafted is None or len(model.outputs) != 1:
            return None
        card = Card(
            name="",
            task="yolo-pose",
            roles={"image": drafted.image.name, "rows": model.outputs[0].name},
            picture=drafted.picture,
            labels=labels_of(model.metadata),
            threshold=0.25,
            iou=0.7,
        )
        head = _head(card, model.outputs[0], drafted.picture, shape)
        if head is None:
            return None
        names = {"keypoint_names": list(KEYPOINTS)} if shape[0] == len(KEYPOINTS) else {}
        card = attrs.evolve(card, options={"kpt_shape": list(shape), "form": head.form, **names})
        card = attrs.evolve(card, notes=(*drafted.notes, *_notes(card)))
        return believed(card, head.classes, frozenset()) if head.classes else card

    def bind(self, card: Card, model: Signature) -> YoloPoseCodec:
        specs = roles_of(card, model, needed=("image", "rows"))
        picture = picture_for(card, specs["image"], USUAL)
        shape = _shape(card.options.get("kpt_shape"))
        head = _head(card, specs["rows"], picture, shape) if shape else None
        if shape is None or head is None:
            raise TaskError(
                f"brain {card.name}: {specs['rows']} holds no rows with keypoints of the option kpt_shape, {shape}",
                remedy="give kpt_shape as [keypoints, 2 or 3]",
            )
        check_names(card, shape[0])
        if head.classes:
            check_classes(card, head.classes, frozenset())
        boxes = choice(card, "boxes", "normalised", "absolute")
        return YoloPoseCodec(card, picture, head, shape, None if boxes is None else boxes == "normalised")


@attrs.frozen
class YoloPoseCodec(PictureCodec):
    head: Head
    shape: tuple[int, int]
    normalised: bool | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placed(frame)
        rows = read_rows(
            outputs["rows"][0],
            self.head,
            placement,
            threshold=self.card.threshold,
            iou=self.card.iou,
            normalised=self.normalised,
        )
        given = rows.extras.reshape(len(rows.extras), *self.shape)
        points = np.ones((*given.shape[:2], 3), np.float32)
        points[..., : self.shape[1]] = given
        points[..., :2] *= np.array(rows.unit, np.float32)
        return assemble(self.card, Poses(points, rows.scores, rows.boxes, rows.classes), placement, least=0)


def _shape(told: object) -> tuple[int, int] | None:
    match told:
        case [int(count), int(numbers)] if count > 0 and numbers in (2, 3):
            return count, numbers
    return None


def _head(card: Card, rows: TensorSpec, picture: PictureSpec, shape: tuple[int, int]) -> Head | None:
    """The likeliest of the form that the card asks for: one of as many classes as there are labels goes before."""
    form = choice(card, "form", *FORMS)
    heads = heads_of(rows.shape, picture.size, extras=shape[0] * shape[1], form=form)
    named = max((label.model_id + 1 for label in card.labels.labels), default=0)
    return next((head for head in heads if head.classes in (0, named)), next(iter(heads), None))


def _notes(card: Card) -> tuple[str, ...]:
    how = f"keypoints {card.options['kpt_shape']}, form {card.options['form']}"
    return (
        f"rows is output {card.roles['rows']}, by the metadata: {how}",
        "the picture is letterboxed on grey 114, threshold 0.25 and iou 0.7, as Ultralytics has them",
    )
