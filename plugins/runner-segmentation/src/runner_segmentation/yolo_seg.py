"""Instance segmentation as YOLO exports it: a table of boxes with mask coefficients, and prototypes."""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame
from runner_core.results import UNITS, Inference
from runner_core.tasks import (
    PictureCodec,
    YoloLayout,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_classes,
    draft_input,
    drop_wrong_labels,
    find_yolo_layout,
    labels_from_metadata,
    letterbox_from_metadata,
    read_choice,
    read_yolo_rows,
)
from runner_segmentation.map_layout import count_classes, find_map_layout
from runner_segmentation.prototypes import PrototypeMask


class YoloSeg:
    """Roles: ``image``, ``rows`` (each with mask coefficients after its classes), ``prototypes``.

    Card options:
    ``form``    of the rows: ``v8``, ``v5`` or ``end2end``. Absent: what their number and the labels allow.
    ``boxes``   ``normalised`` or ``absolute``. Absent: absolute where a coordinate is above 2.
    ``layout``  of the prototypes: ``nhwc`` or ``nchw``, where their shape leaves it open.
    """

    kind = "instance-segmentation"

    def recognise(self, model: Signature) -> Card | None:
        if model.metadata.get("task", "segment") != "segment":
            return None
        drafted = draft_input(model, letterbox_from_metadata(model.metadata), UNIT, sure=True)
        by_rank = {len(spec.shape or ()): spec for spec in model.outputs}
        if drafted is None or len(model.outputs) != 2 or by_rank.keys() != {3, 4}:
            return None
        rows, prototypes = by_rank[3], by_rank[4]
        card = Card(
            name="",
            task="yolo-seg",
            roles={"image": drafted.image.name, "rows": rows.name, "prototypes": prototypes.name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.25,
            iou=0.7,
        )
        layout = find_map_layout(prototypes, drafted.picture)
        extras = count_classes(prototypes, layout) if layout else 0
        rows_layout = find_yolo_layout(card, rows, drafted.picture, extras=extras) if layout else None
        if rows_layout is None:
            return None
        guess = () if card.labels else (Guess("kind", "a YOLO with masks, by its shapes alone", ("task", "labels")),)
        card = attrs.evolve(
            card,
            options={"form": rows_layout.form},
            notes=(*drafted.notes, *_write_notes(card, rows_layout)),
            guesses=(*drafted.guesses, *guess),
        )
        return drop_wrong_labels(card, rows_layout.classes, frozenset())

    def bind(self, card: Card, model: Signature) -> YoloSegCodec:
        specs = bind_roles(card, model, needed=("image", "rows", "prototypes"))
        picture = bind_normalised_picture(card, specs["image"], model, letterbox_from_metadata(model.metadata), UNIT)
        layout = read_choice(card, "layout", "nhwc", "nchw") or find_map_layout(
            specs["prototypes"], picture, coarsest=None
        )
        count = count_classes(specs["prototypes"], layout) if layout else 0
        rows_layout = find_yolo_layout(card, specs["rows"], picture, extras=count) if count else None
        if layout is None or rows_layout is None:
            raise TaskError(
                f"brain {card.name}: {specs['rows']} with {specs['prototypes']} are not rows and prototypes",
                remedy="yolo-seg reads [1 x numbers x N] or [1 x N x numbers], and prototypes shaped as the input is",
            )
        check_classes(card, rows_layout.classes, frozenset())
        return YoloSegCodec(card, picture, rows_layout, layout, read_choice(card, "boxes", *UNITS))


@attrs.frozen
class YoloSegCodec(PictureCodec):
    rows_layout: YoloLayout
    layout: str
    boxes: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        rows = read_yolo_rows(self.card, outputs["rows"][0], self.rows_layout, placement, boxes=self.boxes)
        planes = outputs["prototypes"][0]
        planes = np.ascontiguousarray(planes.transpose(2, 0, 1) if self.layout == "nhwc" else planes, np.float32)
        boxes = placement.to_picture(rows.boxes)
        masks = tuple(
            PrototypeMask(numbers, planes, box, placement) for numbers, box in zip(rows.extras, boxes, strict=True)
        )
        return build_inference(self.card, YoloSeg.kind, frame.size, boxes, rows.scores, rows.classes, masks=masks)


def _write_notes(card: Card, rows_layout: YoloLayout) -> tuple[str, ...]:
    classes = rows_layout.classes or "any"
    shapes = f"{rows_layout.extras} prototypes, rows of {classes} classes in the form {rows_layout.form}"
    source = "by the metadata and shapes" if card.labels else "by their shapes alone"
    return (
        f"rows is output {card.roles['rows']}, prototypes is output {card.roles['prototypes']}, {source}: {shapes}",
        "the picture is letterboxed on grey 114, threshold 0.25 and iou 0.7, as Ultralytics has them",
    )
