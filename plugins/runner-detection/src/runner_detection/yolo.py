"""YOLO as Ultralytics exports it: v3 and v5 (N x (5 + C)), v8 to v12 ((4 + C) x N), v10 and 26 end-to-end (N x 6).

Source: ultralytics/engine/exporter.py, nn/modules/head.py and utils/nms.py. Boxes are centre x, centre y, width, height
(end-to-end: xyxy) in pixels of the letterboxed input, or normalised by it in TensorFlow exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import UNITS, Floats, Inference, are_normalised, centred_to_corners, points_to_picture
from runner_core.tasks import (
    PictureCodec,
    Shape,
    YoloLayout,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    build_suppressed_inference,
    check_classes,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    format_shape,
    is_usual_count,
    labels_from_metadata,
    letterbox_from_metadata,
    list_yolo_layouts,
    read_choice,
    read_flag,
    read_literal,
    select_best_rows,
)
from runner_detection.class_scores import pick_best_class
from runner_detection.focal_outputs import find_focal_outputs
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length
from runner_detection.yolox import is_yolox

# The classes of a model that Ultralytics exported and its publisher reads otherwise.
# Source: github.com/notAI-tech/NudeNet, nudenet/nudenet.py: padded with black below and at the right.
NUDENET = (
    "FEMALE_GENITALIA_COVERED", "FACE_FEMALE", "BUTTOCKS_EXPOSED", "FEMALE_BREAST_EXPOSED", "FEMALE_GENITALIA_EXPOSED",
    "MALE_BREAST_EXPOSED", "ANUS_EXPOSED", "FEET_EXPOSED", "BELLY_COVERED", "FEET_COVERED", "ARMPITS_COVERED",
    "ARMPITS_EXPOSED", "FACE_MALE", "BELLY_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_COVERED", "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
)  # fmt: skip
ORDERS = ("rows", "columns", "end-to-end")
COCO_POSE, COCO_V6 = 4 + 1 + 3 * 17, 5 + 80  # features: a person with 17 keypoints; COCO with objectness


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
        labels = labels_from_metadata(model.metadata)
        drafted = draft_input(model, _read_letterbox(model, labels), UNIT, sure=exported or ("resize",))
        output = _find_predictions(model.outputs)
        if drafted is None or output is None or model.metadata.get("task", "detect") != "detect":
            return None
        size = drafted.picture.size
        if is_yolox(output, size, model.metadata) or find_focal_outputs(model, size):
            return None
        layout = _find_layout(output, drafted.picture, labels, model)
        if layout is None:
            return None
        publisher, iou = _find_publisher(labels, layout)
        card = Card(
            name="",
            task="yolo",
            roles={"image": drafted.image.name, "predictions": output.name},
            picture=drafted.picture,
            labels=labels,
            threshold=0.25,
            iou=iou,
            options={"layout": layout.order, "objectness": layout.has_objectness},
            notes=(
                *drafted.notes,
                *_write_notes(output, layout, model),
                f"threshold 0.25 and iou {iou}, as {publisher} predicts",
            ),
            guesses=(*drafted.guesses, *_list_guesses(layout)),
        )
        return drop_wrong_labels(card, layout.classes)

    def bind(self, card: Card, model: Signature) -> YoloCodec:
        specs = bind_roles(card, model, needed=("image", "predictions"))
        picture = bind_normalised_picture(card, specs["image"], model, _read_letterbox(model, card.labels), UNIT)
        output = specs["predictions"]
        found = _find_layout(output, picture, card.labels, model)
        order = read_choice(card, "layout", *ORDERS) or (found.order if found else None)
        if order is None or (output.shape is not None and len(output.shape) != 3):
            raise TaskError(
                f"brain {card.name}: predictions is {output}, not a layout of YOLO for an input of {picture.size}",
                remedy="options.layout: rows [1 x N x F], columns [1 x F x N] or end-to-end [1 x N x 6]",
            )
        objectness = read_flag(card, "objectness", found.has_objectness if found else False)
        layout = _make_layout(output, order, objectness=objectness)
        check_classes(card, layout.classes, frozenset())
        return YoloCodec(card, picture, layout, read_choice(card, "boxes", *UNITS))


@attrs.frozen
class YoloCodec(PictureCodec):
    layout: YoloLayout
    boxes: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        table = drop_batch_axis(self.card, "predictions", outputs["predictions"], (None,))
        table = table.T if self.layout.features_first else table
        self._check_table(table)
        return self._decode_final(table, frame) if self.layout.form == "end2end" else self._decode_raw(table, frame)

    def _decode_final(self, table: Floats, frame: Frame) -> Inference:
        found = table[select_best_rows(table[:, 4], self.card.threshold)]
        boxes = self._to_picture(found[:, :4], frame)
        return build_inference(self.card, KIND, frame.size, boxes, found[:, 4], found[:, 5])

    def _decode_raw(self, table: Floats, frame: Frame) -> Inference:
        if self.layout.has_objectness:
            table = table[table[:, 4] >= self.card.threshold]
        scores = table[:, self.layout.scores_from :]
        if self.layout.has_objectness:
            scores = scores * table[:, 4:5]
        rows, best, classes = pick_best_class(scores, self.card.threshold)
        boxes = self._to_picture(centred_to_corners(table[rows, :4]), frame)
        return build_suppressed_inference(self.card, KIND, frame.size, boxes, best, classes)

    def _to_picture(self, corners: Floats, frame: Frame) -> NDArray[np.float32]:
        normalised = are_normalised(corners, self.boxes)
        return points_to_picture(corners, self.placement_of(frame), normalised=normalised)

    def _check_table(self, table: Floats) -> None:
        """Raises TaskError where a row has too few features."""
        features, least = table.shape[1], self.layout.scores_from
        if features == least if self.layout.form == "end2end" else features > least:
            return
        raise TaskError(
            f"brain {self.card.name}: predictions came as {format_shape(table.shape)}, not YOLO's {self.layout}",
            remedy="options.layout and options.objectness say how to read them",
        )


def _read_letterbox(model: Signature, labels: LabelMap) -> PictureSpec:
    """Ultralytics' own, of the size that the metadata give; for NudeNet's classes that of their publisher."""
    letterbox = letterbox_from_metadata(model.metadata)
    return attrs.evolve(letterbox, resize="pad", pad=(0, 0, 0)) if labels.names == NUDENET else letterbox


def _find_predictions(outputs: tuple[TensorSpec, ...]) -> TensorSpec | None:
    """The one output of three axes; old v5 exports also have their raw heads, of five."""
    tables = [spec for spec in outputs if spec.shape is not None and len(spec.shape) == 3]
    heads = [spec for spec in outputs if spec.shape is not None and len(spec.shape) == 5]
    return tables[0] if len(tables) == 1 and len(tables) + len(heads) == len(outputs) else None


def _find_layout(output: TensorSpec, picture: PictureSpec, labels: LabelMap, model: Signature) -> YoloLayout | None:
    """By the metadata and the number of labels; where that fits nothing, by the grid of the input."""
    arguments = read_literal(model.metadata, "args")
    selects = isinstance(arguments, dict) and arguments.get("nms") is True
    final = selects or read_literal(model.metadata, "end2end") is True
    classes = max((label.model_id + 1 for label in labels.labels), default=None)
    return choose_layout(output.shape, picture.size, classes, final=final)


def choose_layout(
    shape: Shape | None, size: tuple[int, int] | None, classes: int | None = None, *, final: bool = False
) -> YoloLayout | None:
    """The layout of an output; None where it is not YOLO's.

    ``size`` (width, height) of the input, None where it is not fixed; ``classes`` how many the model has, None where
    that is not known; ``final`` whether the export is known to have selected the boxes itself.
    """
    layouts = list(list_yolo_layouts(shape))
    for layout, rows in layouts:
        if layout.form == "end2end" and (final or (rows is not None and is_usual_count(rows, layout, size))):
            return layout
    by_labels = [layout for layout, _ in layouts if layout.classes == classes and layout.form != "end2end"]
    return by_labels[0] if len(by_labels) == 1 else _choose_by_grid(layouts, size)


def _choose_by_grid(
    layouts: Sequence[tuple[YoloLayout, int | None]], size: tuple[int, int] | None
) -> YoloLayout | None:
    """The layout with as many rows as the grids of such an input have cells, or boxes."""
    usual = [layout for layout, rows in layouts if None not in (size, rows) and is_usual_count(rows, layout, size)]
    for layout in sorted(usual, key=lambda layout: layout.form):  # v5 before v8
        if layout.form == "v5" and not layout.features_first:
            return layout
        if layout.form == "v8" and layout.features != COCO_POSE:
            return layout if layout.features_first else _guess_objectness(layout)
    return None


def _guess_objectness(layout: YoloLayout) -> YoloLayout:
    """Rows of YOLO v6 are as many as those of v8 turned round, and have an objectness."""
    if layout.features == COCO_V6:
        guess = "there is an objectness before the class scores"
        return attrs.evolve(layout, form="v5", classes=COCO_V6 - 5, guess=guess)
    return attrs.evolve(layout, guess="there is no objectness before the class scores")


def _make_layout(output: TensorSpec, order: str, *, objectness: bool) -> YoloLayout:
    """The layout that a card's options ask for; its classes are known where the shape gives the features."""
    form = "end2end" if order == "end-to-end" else "v5" if objectness else "v8"
    layout = YoloLayout(form, None, features_first=order == "columns")
    features = None if form == "end2end" else axis_length(output, 1 if layout.features_first else 2)
    return layout if features is None else attrs.evolve(layout, classes=features - layout.scores_from)


def _find_publisher(labels: LabelMap, layout: YoloLayout) -> tuple[str, float]:
    """Who says how such a model is read, and the overlap from which boxes are suppressed there."""
    if labels.names == NUDENET:
        return "NudeNet, whose classes these are,", 0.45
    return "Ultralytics", 0.45 if layout.has_objectness else 0.7


def _write_notes(output: TensorSpec, layout: YoloLayout, model: Signature) -> Iterator[str]:
    known = [key for key in ("task", "names", "imgsz", "end2end") if key in model.metadata]
    yield f"predictions is output {output.name}, by its shape: {layout}"
    yield f"the model's own metadata give {', '.join(known)}" if known else "the model has no metadata of an export"


def _list_guesses(layout: YoloLayout) -> Iterator[Guess]:
    if layout.guess:
        yield Guess("objectness", layout.guess, ("options.objectness",))
