"""SCRFD: for each stride scores, distances to the sides of the box, and mostly five points.

Source: github.com/deepinsight/insightface, detection/scrfd/tools/scrfd.py. Two anchors at a cell's upper left corner:
x1 = x - left * stride, x2 = x + right * stride; point = corner + offset * stride.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import Frame, Normalization, PictureSpec
from runner_core.results import Inference
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    check_shape,
    draft_input,
    drop_batch_axis,
)
from runner_detection.cells import count_cells, list_cells
from runner_detection.faces import FACE, FIVE_POINTS, build_faces
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

USUAL = PictureSpec(size=(640, 640), resize="pad", layout="nchw")
VALUES = Normalization("from -1 to 1", (127.5, 127.5, 127.5), (128.0, 128.0, 128.0))
STRIDES, ANCHORS = (8, 16, 32), 2
COLUMNS = {"scores": 1, "boxes": 4, "points": 10}


class Scrfd:
    """Roles: ``image``; for each stride of 8, 16, 32 ``scores_8`` (N x 1), ``boxes_8`` (N x 4), maybe ``points_8``."""

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, USUAL, VALUES, sure=True)
        if drafted is None or drafted.picture.size is None:
            return None
        found = _find_outputs(model.outputs, drafted.picture.size)
        if found is None:
            return None
        return Card(
            name="",
            task="scrfd",
            roles={"image": drafted.image.name} | {role: spec.name for role, spec in found.items()},
            picture=drafted.picture,
            labels=FACE,
            threshold=0.5,
            iou=0.4,
            options={"keypoint_names": list(FIVE_POINTS)} if "points_8" in found else {},
            notes=(
                *drafted.notes,
                *(f"{role} is output {spec.name}, by its shape" for role, spec in found.items()),
            ),
            guesses=drafted.guesses,
        )

    def bind(self, card: Card, model: Signature) -> ScrfdCodec:
        roles = {part: [f"{part}_{stride}" for stride in STRIDES] for part in COLUMNS}
        needed = ("image", *roles["scores"], *roles["boxes"])
        specs = bind_roles(card, model, needed=needed, optional=roles["points"])
        picture = bind_normalised_picture(card, specs["image"], model, USUAL, VALUES)
        counts = count_rows(picture.size or (640, 640))
        for part, columns in COLUMNS.items():
            for role, rows in zip(roles[part], counts, strict=True):
                if role in specs:
                    check_shape(card, role, specs[role], (1, rows, columns), (rows, columns))
        return ScrfdCodec(card, picture)


@attrs.frozen
class ScrfdCodec(PictureCodec):
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        found = [self._read_stride(outputs, stride, placement.tensor) for stride in STRIDES]
        corners, scores, points = (np.concatenate(each) for each in zip(*found, strict=True))
        return build_faces(self.card, placement, corners, scores, points if points.size or not len(scores) else None)

    def _read_stride(
        self, outputs: Tensors, stride: int, size: tuple[int, int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """M boxes, scores and points of a stride, in pixels of the tensor."""
        tables = {
            part: drop_batch_axis(self.card, f"{part}_{stride}", outputs[f"{part}_{stride}"], (width,))
            for part, width in COLUMNS.items()
            if f"{part}_{stride}" in outputs
        }
        scores = tables["scores"][:, 0]
        rows = np.flatnonzero(scores >= self.card.threshold)
        cells = list_cells(size, (stride,))[rows // ANCHORS, :2] * stride
        reach = tables["boxes"][rows] * stride
        corners = np.concatenate([cells - reach[:, :2], cells + reach[:, 2:]], axis=1)
        offsets = tables["points"][rows] * stride if "points" in tables else np.empty((len(rows), 0))
        points = offsets + np.tile(cells, offsets.shape[1] // 2)
        return corners.astype(np.float32), scores[rows].astype(np.float32), points.astype(np.float32)


def count_rows(size: tuple[int, int]) -> tuple[int, ...]:
    """How many anchors each stride has."""
    return tuple(ANCHORS * count_cells(size, stride) for stride in STRIDES)


def _find_outputs(outputs: tuple[TensorSpec, ...], size: tuple[int, int]) -> Mapping[str, TensorSpec] | None:
    """Role -> output, by rows and columns, in the order of the outputs where rows are not fixed; None for others."""
    found: dict[str, TensorSpec] = {}
    tables = [spec for spec in outputs if spec.shape and len(spec.shape) in (2, 3)]
    for part, columns in COLUMNS.items():
        fitting = [spec for spec in tables if axis_length(spec, -1) == columns]
        for spec, stride, rows in zip(fitting, STRIDES, count_rows(size), strict=False):
            if axis_length(spec, -2) not in (None, rows):
                return None
            found[f"{part}_{stride}"] = spec
    return found if len(found) == len(outputs) in (6, 9) else None
