"""The outputs of the TensorFlow Object Detection API, as published models have them.

Source: exporter.py and exporter_lib_v2.py of tensorflow/models, research/object_detection. Boxes are ymin, xmin, ymax,
xmax, normalised; classes count from 1, 0 being the background; rows are padded to a fixed number.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import Frame, PictureSpec, Placement
from runner_core.results import UNITS, Floats, Inference, Mask, are_normalised, points_to_picture
from runner_core.tasks import (
    PictureCodec,
    Shape,
    bind_picture,
    bind_roles,
    build_inference,
    check_shape,
    drop_batch_axis,
    find_tensor,
    is_picture_input,
    labels_from_metadata,
    read_choice,
    select_best_rows,
    short_name,
)
from runner_detection.box_order import YX_TO_XY
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length, check_same_rows, find_tensors
from runner_detection.pasted_mask import PastedMask

INPUTS = ("image_tensor", "encoded_image_string_tensor", "input_tensor", "inputs")
NEEDED = {"boxes": "detection_boxes", "scores": "detection_scores", "classes": "detection_classes"}
OPTIONAL = {
    "count": "num_detections",
    "masks": "detection_masks",
    "keypoints": "detection_keypoints",
    "keypoint_scores": "detection_keypoint_scores",
}
# The shape of one row of each output; the batch axis before it may be missing.
ROWS: dict[str, Shape] = {
    "boxes": (4,),
    "scores": (),
    "classes": (),
    "masks": (None, None),
    "keypoints": (None, 2),
    "keypoint_scores": (None,),
}
# What this API has, by the start of the input's dtype.
USUAL = {
    "string": "the input takes an encoded picture, as this API has it",
    "float": "the input takes RGB values 0 to 255, which the graph scales, as this API has it",
    "": "classes count from 1, as this API has it: --first-class 0 says otherwise",
}


class TfDetection:
    """Roles: ``image``, ``boxes``, ``scores``, ``classes``; where the model has them ``count``, ``masks``,
    ``keypoints``, ``keypoint_scores``.

    Card options, each read from the values where it is absent:
    ``boxes``  ``normalised``, or ``absolute``: pixels of the input. Absent: absolute where a coordinate is above 2.
    ``masks``  ``box``: each mask fills its box, or ``picture``. Absent: ``picture`` where a mask has the input's size.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        outputs = find_tensors(model.outputs, NEEDED | OPTIONAL)
        image = find_tensor(model.inputs, *INPUTS) or (model.inputs[0] if len(model.inputs) == 1 else None)
        if image is None or not is_picture_input(image) or not NEEDED.keys() <= outputs.keys():
            return None
        roles = {"image": image.name} | {role: spec.name for role, spec in outputs.items()}
        labels = labels_from_metadata(model.metadata, first=1)
        notes = _write_notes(image, outputs)
        return Card(name="", task="tf-detection", roles=roles, labels=labels, first_class=1, notes=notes)

    def bind(self, card: Card, model: Signature) -> TfDetectionCodec:
        specs = bind_roles(card, model, needed=("image", *NEEDED), optional=OPTIONAL)
        check_shapes(card, specs)
        return TfDetectionCodec(
            card,
            bind_picture(card, specs["image"], PictureSpec()),
            boxes=read_choice(card, "boxes", *UNITS),
            masks=read_choice(card, "masks", "box", "picture"),
        )


@attrs.frozen
class TfDetectionCodec(PictureCodec):
    """``boxes`` and ``masks`` as in the card's options; None decides by the values."""

    boxes: str | None
    masks: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        columns = self._read_columns(outputs)
        rows = select_best_rows(columns["scores"], self.card.threshold)
        columns = {role: column[rows] for role, column in columns.items()}
        placement = self.placement_of(frame)
        yx = columns["boxes"]
        normalised = are_normalised(yx, self.boxes)
        boxes = points_to_picture(yx[:, YX_TO_XY], placement, normalised=normalised)
        return build_inference(
            self.card,
            KIND,
            frame.size,
            boxes,
            columns["scores"],
            columns["classes"],
            masks=self._make_masks(columns["masks"], boxes, placement) if "masks" in columns else None,
            keypoints=_read_keypoints(columns, placement, normalised=normalised) if "keypoints" in columns else None,
        )

    def _read_columns(self, outputs: Tensors) -> dict[str, NDArray[Any]]:
        """By role, outputs without batch axis, cut to the number of detections. Raises TaskError for other shapes."""
        columns = {
            role: drop_batch_axis(self.card, role, tensor, ROWS[role])
            for role, tensor in outputs.items()
            if role != "count"
        }
        lengths = {role: len(column) for role, column in columns.items()}
        if len(set(lengths.values())) > 1:
            check_same_rows(self.card, lengths)
        if "count" not in outputs:
            return columns
        count = max(0, int(np.nan_to_num(outputs["count"]).reshape(-1)[0]))
        return {role: column[:count] for role, column in columns.items()}

    def _make_masks(self, soft: NDArray[Any], boxes: Floats, placement: Placement) -> tuple[Mask, ...]:
        """One mask a row, drawn when it is first read."""
        wide, high = placement.tensor
        in_picture = soft.shape[1:] == (high, wide) if self.masks is None else self.masks == "picture"
        if in_picture:
            whole = points_to_picture(np.array([0, 0, wide, high], np.float32), placement, normalised=False)
            boxes = np.broadcast_to(whole, boxes.shape)
        return tuple(PastedMask(mask, box, placement.picture) for mask, box in zip(soft, boxes, strict=True))


def _read_keypoints(columns: dict[str, NDArray[Any]], placement: Placement, *, normalised: bool) -> NDArray[np.float32]:
    """N x K x 3 x, y, score from N x K x 2 y, x; the score is 1 where the model gives none."""
    yx = columns["keypoints"]
    points = np.ones((*yx.shape[:2], 3), np.float32)
    points[..., :2] = points_to_picture(yx[..., ::-1], placement, normalised=normalised)
    if "keypoint_scores" in columns:
        points[..., 2] = columns["keypoint_scores"]
    points[~np.isfinite(points).all(axis=2)] = 0
    return points


def check_shapes(card: Card, specs: dict[str, TensorSpec]) -> None:
    """Raises TaskError where an output cannot have the shape of its role, or outputs differ in rows."""
    for role, row in ROWS.items():
        if role in specs:
            check_shape(card, role, specs[role], (1, None, *row), (None, *row))
    if "count" in specs:
        check_shape(card, "count", specs["count"], (1,), ())
    columns = {role: axis_length(spec, -1 - len(ROWS[role])) for role, spec in specs.items() if role in ROWS}
    check_same_rows(card, columns)


def _write_notes(image: TensorSpec, outputs: dict[str, TensorSpec]) -> tuple[str, ...]:
    how = "by its name" if short_name(image.name) in INPUTS else "the only input"
    facts = [f"image is input {image.name}, {how}"]
    facts += [f"{role} is output {spec.name}, by its name" for role, spec in outputs.items()]
    return (*facts, *(usual for kind, usual in USUAL.items() if image.dtype.startswith(kind)))
