"""YOLO as Ultralytics exports it: v3 and v5 (N x (5 + C)), v8 to v12 ((4 + C) x N), v10 and 26 end-to-end (N x 6).

Source: ultralytics/engine/exporter.py, nn/modules/head.py and utils/nms.py. Boxes are centre x, centre y, width, height
(end-to-end: xyxy) in pixels of the letterboxed input, or normalised by it in TensorFlow exports.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import Frame, PictureSpec
from runner_core.results import UNITS, Floats, Inference, are_normalised, centred_to_corners, points_to_picture
from runner_core.tasks import (
    UNIT,
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    build_suppressed_inference,
    check_classes,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    format_shape,
    labels_from_metadata,
    letterboxed,
    read_choice,
    read_flag,
    read_literal,
    select_best_rows,
)
from runner_detection.class_scores import best_class
from runner_detection.kind import KIND
from runner_detection.yolo_layout import ORDERS, Layout, Order, layout_of


class Yolo:
    """Roles: ``image``, ``predictions``.

    Card options, read from the shape where they are absent:
    ``layout``      ``rows`` (N x F), ``columns`` (F x N) or ``end-to-end`` (N x 6).
    ``objectness``  whether the fifth feature is one.
    ``boxes``       ``normalised`` or ``absolute``; absent: absolute where a number is above 2.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        exported = "task" in model.metadata
        drafted = draft_input(model, letterboxed(model.metadata), UNIT, sure=exported)
        output = _predictions(model.outputs)
        if drafted is None or output is None or model.metadata.get("task", "detect") != "detect":
            return None
        labels = labels_from_metadata(model.metadata)
        layout = _layout(output, drafted.picture, labels, model)
        if layout is None:
            return None
        card = Card(
            name="",
            task="yolo",
            roles={"image": drafted.image.name, "predictions": output.name},
            picture=drafted.picture,
            labels=labels,
            threshold=0.25,
            iou=0.45 if layout.objectness else 0.7,
            options={"layout": layout.order, "objectness": layout.objectness},
            notes=(*drafted.notes, *_notes(output, layout, model)),
        )
        return drop_wrong_labels(card, _classes(output, layout))

    def bind(self, card: Card, model: Signature) -> YoloCodec:
        specs = bind_roles(card, model, needed=("image", "predictions"))
        picture = bind_normalised_picture(card, specs["image"], model, letterboxed(model.metadata), UNIT)
        output = specs["predictions"]
        read = _layout(output, picture, card.labels, model)
        said = read_choice(card, "layout", *ORDERS)
        order: Order | None = cast("Order", said) if said else read.order if read else None
        if order is None or (output.shape is not None and len(output.shape) != 3):
            raise TaskError(
                f"brain {card.name}: predictions is {output}, no layout of YOLO for an input of {picture.size}",
                remedy="options.layout: rows [1 x N x F], columns [1 x F x N] or end-to-end [1 x N x 6]",
            )
        objectness = read_flag(card, "objectness", read.objectness if read else False)
        layout = Layout(order, objectness)
        check_classes(card, _classes(output, layout))
        return YoloCodec(card, picture, layout, read_choice(card, "boxes", *UNITS))


@attrs.frozen
class YoloCodec(PictureCodec):
    layout: Layout
    boxes: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        table = drop_batch_axis(self.card, "predictions", outputs["predictions"], (None,))
        table = table.T if self.layout.order == "columns" else table
        self._check(table)
        return self._final(table, frame) if self.layout.order == "end-to-end" else self._raw(table, frame)

    def _final(self, table: Floats, frame: Frame) -> Inference:
        found = table[select_best_rows(table[:, 4], self.card.threshold)]
        boxes = self._to_picture(found[:, :4], frame)
        return build_inference(self.card, KIND, frame.size, boxes, found[:, 4], found[:, 5])

    def _raw(self, table: Floats, frame: Frame) -> Inference:
        if self.layout.objectness:
            table = table[table[:, 4] >= self.card.threshold]
        scores = table[:, self.layout.scores_from :]
        if self.layout.objectness:
            scores = scores * table[:, 4:5]
        rows, best, classes = best_class(scores, self.card.threshold)
        boxes = self._to_picture(centred_to_corners(table[rows, :4]), frame)
        return build_suppressed_inference(self.card, KIND, frame.size, boxes, best, classes)

    def _to_picture(self, corners: Floats, frame: Frame) -> NDArray[np.float32]:
        normalised = are_normalised(corners, self.boxes)
        return points_to_picture(corners, self.placement_of(frame), normalised=normalised)

    def _check(self, table: Floats) -> None:
        """Raises TaskError where a row holds too few features."""
        features = table.shape[1]
        if features > self.layout.scores_from and (self.layout.order != "end-to-end" or features == 6):
            return
        raise TaskError(
            f"brain {self.card.name}: predictions came as {format_shape(table.shape)}, not YOLO's {self.layout}",
            remedy="options.layout and options.objectness say how to read them",
        )


def _predictions(outputs: tuple[TensorSpec, ...]) -> TensorSpec | None:
    """The one output of three axes; old v5 exports have their raw heads, of five, beside it."""
    tables = [spec for spec in outputs if spec.shape is not None and len(spec.shape) == 3]
    heads = [spec for spec in outputs if spec.shape is not None and len(spec.shape) == 5]
    return tables[0] if len(tables) == 1 and len(tables) + len(heads) == len(outputs) else None


def _layout(output: TensorSpec, picture: PictureSpec, labels: LabelMap, model: Signature) -> Layout | None:
    """By the number of labels; where that fits nothing, by the grid of the input."""
    arguments = read_literal(model.metadata, "args")
    selects = isinstance(arguments, dict) and arguments.get("nms") is True
    final = selects or read_literal(model.metadata, "end2end") is True
    by_labels = layout_of(output.shape, picture.size, _count(labels), final=final)
    return by_labels or layout_of(output.shape, picture.size, final=final)


def _count(labels: LabelMap) -> int:
    """How many classes a model with these labels has."""
    return max((label.model_id + 1 for label in labels.labels), default=0)


def _classes(output: TensorSpec, layout: Layout) -> int | None:
    """How many classes the output has scores for; None where it does not say."""
    if layout.order == "end-to-end" or output.shape is None:
        return None
    features = output.shape[2 if layout.order == "rows" else 1]
    return None if features is None else features - layout.scores_from


def _notes(output: TensorSpec, layout: Layout, model: Signature) -> Iterator[str]:
    told = [key for key in ("task", "names", "imgsz", "end2end") if key in model.metadata]
    yield f"predictions is output {output.name}, by its shape: {layout}"
    yield f"the model's own metadata give {', '.join(told)}" if told else "the model has no metadata of an export"
    yield f"threshold 0.25 and iou {0.45 if layout.objectness else 0.7}, as Ultralytics predicts"
    if layout.guess:
        yield f"guess: {layout.guess}; options.objectness settles it"
