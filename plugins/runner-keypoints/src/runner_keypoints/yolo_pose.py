"""Keypoints as YOLO exports them: a table of boxes, with keypoints after the class scores."""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame
from runner_core.results import UNITS, Inference
from runner_core.tasks import (
    PictureCodec,
    YoloLayout,
    bind_normalised_picture,
    bind_roles,
    check_classes,
    draft_input,
    drop_wrong_labels,
    find_yolo_layout,
    labels_from_metadata,
    letterbox_from_metadata,
    read_choice,
    read_literal,
    read_yolo_rows,
)
from runner_keypoints.coco_keypoints import KEYPOINTS, check_keypoint_names
from runner_keypoints.poses import KIND, Poses, build_answer


class YoloPose:
    """Roles: ``image``, ``rows`` (each with keypoints after its classes).

    A table of 17 keypoints for one class has the shape of one of 52 classes without keypoints: only an export with the
    task ``pose`` in its metadata is recognised.

    Card options:
    ``kpt_shape``  how many keypoints, and how many numbers each: [17, 3]; with 2 there is no score, and all get 1.
    ``form``       of the rows: ``v8``, ``v5`` or ``end2end``. Absent: what their number and the labels allow.
    ``boxes``      ``normalised`` or ``absolute``, keypoints too. Absent: absolute where a coordinate is above 2.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        shape = _read_kpt_shape(read_literal(model.metadata, "kpt_shape"))
        drafted = draft_input(model, letterbox_from_metadata(model.metadata), UNIT, sure=True)
        if model.metadata.get("task") != "pose" or shape is None or drafted is None or len(model.outputs) != 1:
            return None
        card = Card(
            name="",
            task="yolo-pose",
            roles={"image": drafted.image.name, "rows": model.outputs[0].name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.25,
            iou=0.7,
        )
        rows_layout = find_yolo_layout(card, model.outputs[0], drafted.picture, extras=shape[0] * shape[1])
        if rows_layout is None:
            return None
        names = {"keypoint_names": list(KEYPOINTS)} if shape[0] == len(KEYPOINTS) else {}
        card = attrs.evolve(card, options={"kpt_shape": list(shape), "form": rows_layout.form, **names})
        card = attrs.evolve(card, notes=(*drafted.notes, *_write_notes(card)), guesses=drafted.guesses)
        return drop_wrong_labels(card, rows_layout.classes, frozenset())

    def bind(self, card: Card, model: Signature) -> YoloPoseCodec:
        specs = bind_roles(card, model, needed=("image", "rows"))
        picture = bind_normalised_picture(card, specs["image"], model, letterbox_from_metadata(model.metadata), UNIT)
        shape = _read_kpt_shape(card.options.get("kpt_shape"))
        rows_layout = find_yolo_layout(card, specs["rows"], picture, extras=shape[0] * shape[1]) if shape else None
        if shape is None or rows_layout is None:
            raise TaskError(
                f"brain {card.name}: {specs['rows']} does not hold rows with keypoints of the kpt_shape {shape}",
                remedy="give kpt_shape as [keypoints, 2 or 3]",
            )
        check_keypoint_names(card, shape[0])
        check_classes(card, rows_layout.classes, frozenset())
        return YoloPoseCodec(card, picture, rows_layout, shape, read_choice(card, "boxes", *UNITS))


@attrs.frozen
class YoloPoseCodec(PictureCodec):
    rows_layout: YoloLayout
    shape: tuple[int, int]
    boxes: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        rows = read_yolo_rows(self.card, outputs["rows"][0], self.rows_layout, placement, boxes=self.boxes)
        given = rows.extras.reshape(len(rows.extras), *self.shape)
        points = np.ones((*given.shape[:2], 3), np.float32)
        points[..., : self.shape[1]] = given
        points[..., :2] *= np.array(rows.unit, np.float32)
        return build_answer(self.card, Poses(points, rows.scores, rows.boxes, rows.classes), placement, least=0)


def _read_kpt_shape(value: object) -> tuple[int, int] | None:
    match value:
        case [int(count), int(numbers)] if count > 0 and numbers in (2, 3):
            return count, numbers
    return None


def _write_notes(card: Card) -> tuple[str, ...]:
    how = f"keypoints {card.options['kpt_shape']}, form {card.options['form']}"
    return (
        f"rows is output {card.roles['rows']}, by the metadata: {how}",
        "the picture is letterboxed on grey 114, threshold 0.25 and iou 0.7, as Ultralytics has them",
    )
