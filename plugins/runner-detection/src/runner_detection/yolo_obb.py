"""Turned boxes as Ultralytics exports them: tables of centre, size, class scores and an angle.

Source: ultralytics/nn/modules/head.py, OBB, and utils/ops.py, regularize_rboxes. The angle is in radians, clockwise as
the picture is seen; final tables (N x 7) hold centre, size, score, class and angle.
"""

from __future__ import annotations

import math

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame
from runner_core.results import UNITS, Floats, Inference, are_normalised, centred_to_corners
from runner_core.tasks import (
    PictureCodec,
    YoloLayout,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_classes,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    find_best_class,
    find_yolo_layout,
    format_shape,
    labels_from_metadata,
    letterbox_from_metadata,
    read_choice,
    score_best_class,
    select_best_rows,
)
from runner_detection.kind import KIND
from runner_detection.turned_overlap import suppress_turned

MOST = 1000  # rows that are compared with each other


class YoloObb:
    """Roles: ``image``, ``rows``. Only an export with the task ``obb`` in its metadata is recognised.

    Card options:
    ``form``   of the rows: ``v8`` or ``end2end``. Absent: what their number and the labels allow.
    ``boxes``  ``normalised`` or ``absolute``. Absent: absolute where a coordinate is above 2.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, letterbox_from_metadata(model.metadata), UNIT, sure=True)
        if model.metadata.get("task") != "obb" or drafted is None or len(model.outputs) != 1:
            return None
        card = Card(
            name="",
            task="yolo-obb",
            roles={"image": drafted.image.name, "rows": model.outputs[0].name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.25,
            iou=0.7,
        )
        layout = find_yolo_layout(card, model.outputs[0], drafted.picture, extras=1)
        if layout is None or layout.has_objectness:
            return None
        notes = (
            *drafted.notes,
            f"rows is output {card.roles['rows']}, by the metadata: {layout} with an angle",
            "threshold 0.25 and iou 0.7, as Ultralytics predicts",
        )
        card = attrs.evolve(card, options={"form": layout.form}, notes=notes, guesses=drafted.guesses)
        return drop_wrong_labels(card, layout.classes)

    def bind(self, card: Card, model: Signature) -> YoloObbCodec:
        specs = bind_roles(card, model, needed=("image", "rows"))
        picture = bind_normalised_picture(card, specs["image"], model, letterbox_from_metadata(model.metadata), UNIT)
        layout = find_yolo_layout(card, specs["rows"], picture, extras=1)
        if layout is None or layout.has_objectness:
            raise TaskError(
                f"brain {card.name}: {specs['rows']} does not hold turned boxes for an input of {picture.size}",
                remedy="yolo-obb reads [1 x (4 + C + 1) x N] or final rows [1 x N x 7]",
            )
        check_classes(card, layout.classes)
        return YoloObbCodec(card, picture, layout, read_choice(card, "boxes", *UNITS))


@attrs.frozen
class YoloObbCodec(PictureCodec):
    layout: YoloLayout
    boxes: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        table = drop_batch_axis(self.card, "rows", outputs["rows"], (None,))
        rows = table.T if self.layout.features_first else table
        if rows.shape[1] != self.layout.features:
            raise TaskError(
                f"brain {self.card.name}: rows came as {format_shape(table.shape)}, not as YOLO's {self.layout} of "
                f"{self.layout.features} features"
            )
        scores, classes = self._score(rows)
        found = select_best_rows(scores, self.card.threshold)[:MOST]
        placement = self.placement_of(frame)
        places = rows[found, :4]
        unit = placement.tensor * 2 if are_normalised(rows[:, :4], self.boxes) else (1.0,) * 4
        centred, angles = regularise(places * np.array(unit, np.float32), rows[found, -1])
        boxes = placement.to_picture(centred_to_corners(centred))
        kept = np.arange(len(found))
        if self.layout.form != "end2end":
            kept = suppress_turned(boxes, angles, scores[found], classes[found], self.card.iou)
        return build_inference(
            self.card, KIND, frame.size, boxes[kept], scores[found][kept], classes[found][kept], angles=angles[kept]
        )

    def _score(self, rows: Floats) -> tuple[Floats, NDArray[np.number]]:
        """N scores and N classes."""
        if self.layout.form == "end2end":
            return rows[:, 4], rows[:, 5]
        every = rows[:, self.layout.scores_from : -1]
        return score_best_class(every, 1), find_best_class(every, 1)


def regularise(boxes: Floats, angles: Floats) -> tuple[Floats, NDArray[np.float32]]:
    """N x 4 centre and size, and N angles from 0 to a right one: width and height are exchanged where it is beyond."""
    beyond = angles % math.pi >= math.pi / 2
    sizes = np.where(beyond[:, None], boxes[:, [3, 2]], boxes[:, 2:])
    return np.concatenate([boxes[:, :2], sizes], axis=1), (angles % (math.pi / 2)).astype(np.float32)
