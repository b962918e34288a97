"""Instance segmentation as YOLO exports it: a table of boxes with mask coefficients, and prototypes."""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.card import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frame import Frame
from runner_core.inference import Inference
from runner_core.picture import PictureSpec
from runner_segmentation.codec import PictureCodec
from runner_segmentation.drafting import drafted_input
from runner_segmentation.labelling import believed, check_classes
from runner_segmentation.maps import classes_in, layout_of
from runner_segmentation.metadata import labels_of, size_of
from runner_segmentation.options import choice
from runner_segmentation.picture_input import picture_for
from runner_segmentation.prototypes import PrototypeMask
from runner_segmentation.roles import roles_of
from runner_segmentation.values import UNIT
from runner_segmentation.yolo_rows import FORMS, Head, heads_of, read_rows

USUAL = PictureSpec(size=(640, 640), resize="letterbox", pad=(114, 114, 114), std=(255.0, 255.0, 255.0))


class YoloSeg:
    """Roles: ``image``, ``rows`` (each with mask coefficients after its classes), ``prototypes``.

    Card options:
    ``form``    of the rows: ``v8``, ``v5`` or ``end2end``. Absent: what their number and the labels allow.
    ``boxes``   ``normalised`` or ``absolute``. Absent: absolute where a coordinate is above 2.
    ``layout``  of the prototypes: ``nhwc`` or ``nchw``, where their shape does not tell.
    """

    kind = "instance-segmentation"

    def recognise(self, model: Signature) -> Card | None:
        if model.metadata.get("task", "segment") != "segment":
            return None
        drafted = drafted_input(model, attrs.evolve(USUAL, size=size_of(model.metadata) or USUAL.size), UNIT)
        by_rank = {len(spec.shape or ()): spec for spec in model.outputs}
        if drafted is None or len(model.outputs) != 2 or by_rank.keys() != {3, 4}:
            return None
        rows, prototypes = by_rank[3], by_rank[4]
        card = Card(
            name="",
            task="yolo-seg",
            roles={"image": drafted.image.name, "rows": rows.name, "prototypes": prototypes.name},
            picture=drafted.picture,
            labels=labels_of(model.metadata),
            threshold=0.25,
            iou=0.7,
        )
        layout = layout_of(prototypes, drafted.picture)
        head = _head(card, rows, drafted.picture, classes_in(prototypes, layout)) if layout else None
        if head is None:
            return None
        card = attrs.evolve(card, options={"form": head.form}, notes=(*drafted.notes, *_notes(card, head)))
        return believed(card, head.classes, frozenset()) if head.classes else card

    def bind(self, card: Card, model: Signature) -> YoloSegCodec:
        specs = roles_of(card, model, needed=("image", "rows", "prototypes"))
        picture = picture_for(card, specs["image"], USUAL)
        layout = choice(card, "layout", "nhwc", "nchw") or layout_of(specs["prototypes"], picture, coarsest=None)
        head = _head(card, specs["rows"], picture, classes_in(specs["prototypes"], layout)) if layout else None
        if layout is None or head is None:
            raise TaskError(
                f"brain {card.name}: {specs['rows']} with {specs['prototypes']} are no rows and prototypes",
                remedy="yolo-seg reads [1 x numbers x N] or [1 x N x numbers], and prototypes shaped as the input is",
            )
        if head.classes:
            check_classes(card, head.classes, frozenset())
        boxes = choice(card, "boxes", "normalised", "absolute")
        return YoloSegCodec(card, picture, head, layout, None if boxes is None else boxes == "normalised")


@attrs.frozen
class YoloSegCodec(PictureCodec):
    head: Head
    layout: str
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
        planes = outputs["prototypes"][0]
        planes = np.ascontiguousarray(planes.transpose(2, 0, 1) if self.layout == "nhwc" else planes, np.float32)
        boxes = placement.to_picture(rows.boxes).clip(0, np.array(frame.size * 2, np.float32))
        kept = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
        rows, boxes = rows.take(kept), boxes[kept]
        self.card.labels.check(rows.classes)
        return Inference(
            brain=self.card.name,
            task=YoloSeg.kind,
            size=frame.size,
            version=self.card.version,
            labels=self.card.labels,
            model_ids=rows.classes,
            boxes=boxes,
            scores=rows.scores,
            masks=tuple(
                PrototypeMask(numbers, planes, box, placement) for numbers, box in zip(rows.extras, boxes, strict=True)
            ),
        )


def _head(card: Card, rows: TensorSpec, picture: PictureSpec, prototypes: int) -> Head | None:
    """The likeliest of the form that the card asks for: one of as many classes as there are labels goes before."""
    form = choice(card, "form", *FORMS)
    heads = heads_of(rows.shape, picture.size, extras=prototypes, form=form)
    named = max((label.model_id + 1 for label in card.labels.labels), default=0)
    return next((head for head in heads if head.classes in (0, named)), next(iter(heads), None))


def _notes(card: Card, head: Head) -> tuple[str, ...]:
    shapes = f"{head.extras} prototypes, rows of {head.classes or 'any'} classes in the form {head.form}"
    told = "by the metadata and shapes" if card.labels else "guess: by their shapes alone"
    return (
        f"rows is output {card.roles['rows']}, prototypes is output {card.roles['prototypes']}, {told}: {shapes}",
        "the picture is letterboxed on grey 114, threshold 0.25 and iou 0.7, as Ultralytics has them",
    )
