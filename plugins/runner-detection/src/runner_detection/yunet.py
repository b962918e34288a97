"""YuNet: faces with five points, from a class score, an objectness, a box and points for each cell.

Sources: github.com/opencv/opencv, modules/objdetect/src/face_detect.cpp, and github.com/opencv/opencv_zoo,
models/face_detection_yunet. For cell x, y: score = sqrt(cls * obj); centre = (x, y + offset) * stride;
size = exp(number) * stride; point = (x, y + offset) * stride.
"""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import RAW, Frame, PictureSpec
from runner_core.results import Floats, Inference, centred_to_corners
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    check_classes,
    check_shape,
    draft_input,
    drop_batch_axis,
    find_tensor,
)
from runner_detection.cells import check_cells, list_cells
from runner_detection.faces import FACE, FIVE_POINTS, build_faces
from runner_detection.kind import KIND
from runner_detection.output_pairs import axis_length

STRIDES = (8, 16, 32)
NUMBERS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}  # in a row of each output
OUTPUTS = {f"{name}_{stride}": numbers for name, numbers in NUMBERS.items() for stride in STRIDES}
BGR = PictureSpec(resize="pad", rounding="down", multiple=max(STRIDES), colour="bgr", layout="nchw")


class Yunet:
    """Roles: ``image``; ``cls_S``, ``obj_S`` (1 x N x 1), ``bbox_S`` (1 x N x 4), ``kps_S`` (1 x N x 10) for the cells
    of S = 8, 16 and 32 pixels. An input of any size takes a picture as it is.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        outputs = {role: find_tensor(model.outputs, role) for role in OUTPUTS}
        drafted = draft_input(model, BGR, RAW, sure=True)
        if drafted is None or len(model.outputs) != len(OUTPUTS):
            return None
        roles = {role: spec.name for role, spec in outputs.items() if spec and _has_rows(spec, OUTPUTS[role])}
        if len(roles) != len(OUTPUTS):
            return None
        return Card(
            name="",
            task="yunet",
            roles={"image": drafted.image.name, **roles},
            picture=drafted.picture,
            labels=FACE,
            threshold=0.6,
            iou=0.3,
            options={"keypoint_names": list(FIVE_POINTS)},
            notes=(
                *drafted.notes,
                f"the outputs {', '.join(roles.values())} are YuNet's, by their names",
                "threshold 0.6 and iou 0.3, as OpenCV's zoo has them",
            ),
            guesses=drafted.guesses,
        )

    def bind(self, card: Card, model: Signature) -> YunetCodec:
        specs = bind_roles(card, model, needed=("image", *OUTPUTS))
        picture = bind_normalised_picture(card, specs["image"], model, BGR, RAW)
        for role, numbers in OUTPUTS.items():
            check_shape(card, role, specs[role], (1, None, numbers), (None, numbers))
            check_cells(card, role, axis_length(specs[role], -2), picture.size, (_stride_of(role),))
        check_classes(card, 1)
        return YunetCodec(card, picture)


@attrs.frozen
class YunetCodec(PictureCodec):
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        rows = {
            name: np.concatenate([self._read_rows(f"{name}_{stride}", outputs) for stride in STRIDES])
            for name in NUMBERS
        }
        placement = self.placement_of(frame)
        check_cells(self.card, "cls", len(rows["cls"]), placement.tensor, STRIDES)
        scores = np.sqrt(rows["cls"][:, 0].clip(0, 1) * rows["obj"][:, 0].clip(0, 1))
        found = np.flatnonzero(scores >= self.card.threshold)
        cells = list_cells(placement.tensor, STRIDES)[found]
        places, strides, box = cells[:, :2], cells[:, 2:], rows["bbox"][found]
        corners = centred_to_corners(np.concatenate([box[:, :2] + places, np.exp(box[:, 2:])], axis=1) * strides)
        points = rows["kps"][found] * strides + np.tile(places * strides, len(FIVE_POINTS))
        return build_faces(self.card, placement, corners, scores[found], points)

    def _read_rows(self, role: str, outputs: Tensors) -> Floats:
        return drop_batch_axis(self.card, role, outputs[role], (OUTPUTS[role],))


def _stride_of(role: str) -> int:
    return int(role.rpartition("_")[2])


def _has_rows(spec: TensorSpec, numbers: int) -> bool:
    return spec.shape is not None and len(spec.shape) in (2, 3) and spec.shape[-1] == numbers
