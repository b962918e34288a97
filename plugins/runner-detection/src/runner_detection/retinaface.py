"""RetinaFace in PyTorch: offsets from square anchors, two scores and five points for each.

Source: github.com/biubug6/Pytorch_Retinaface, data/config.py, layers/functions/prior_box.py and utils/box_utils.py.
centre = anchor + offset * 0.1 * side; size = side * exp(offset * 0.2); point = anchor + offset * 0.1 * side.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import Frame, Normalization, PictureSpec
from runner_core.results import Inference, centred_to_corners
from runner_core.tasks import (
    ACTIVATIONS,
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    check_shape,
    draft_input,
    drop_batch_axis,
    read_activation,
    short_name,
)
from runner_detection.anchors import make_grid
from runner_detection.faces import FACE, FIVE_POINTS, build_faces
from runner_detection.kind import KIND
from runner_detection.numeric_options import read_numbers
from runner_detection.output_pairs import axis_length

USUAL = PictureSpec(size=(640, 640), resize="pad", colour="bgr", layout="nchw")
VALUES = Normalization("less the mean of the training pictures", (104.0, 117.0, 123.0), (1.0, 1.0, 1.0))
STRIDES, SIDES = (8, 16, 32), (16.0, 32.0, 64.0, 128.0, 256.0, 512.0)  # two sides a stride, in pixels
COLUMNS = {"boxes": 4, "scores": 2, "points": 10}
TABLE, WIDTH = "faces", sum(COLUMNS.values())
CENTRE, SIZE = 0.1, 0.2  # variances
WHOLE = 0.01  # by which two probabilities may miss a sum of 1
# A fork with smaller anchors: github.com/hnt2601/retinaface-lightning, src/export.py and configs/config.yaml.
FORK, FORK_OUTPUTS = "retinaface-lightning", {"bboxes", "confs", "lmks"}
FORK_SIDES = (10.0, 20.0, 32.0, 64.0, 128.0, 256.0)


class RetinaFace:
    """Roles: ``image``, ``boxes`` (1 x N x 4), ``scores`` (1 x N x 2, no face and face), ``points`` (1 x N x 10).

    Or ``faces``, 1 x N x 16, in which these stand one after the other.

    Card options:
    ``activation``  what is still to be applied to the scores, ``none`` or ``softmax`` (of ``logits``). Absent: softmax
                    for an answer whose pairs do not sum to 1.
    ``sides``       of the anchors, two for each stride, in pixels; 16 to 512 where absent. Some forks have others.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        found, drafted = _find_outputs(model.outputs), draft_input(model, USUAL, VALUES, sure=True)
        if found is None or drafted is None or drafted.picture.size is None:
            return None
        rows = {axis_length(spec, -2) for spec in found.values()}
        ends = {role: model.ends.get(spec.name) for role, spec in found.items()}
        count = len(make_anchors(drafted.picture.size))
        if not rows <= ({count} if TABLE in found else {None, count}) or (
            model.ends and next(iter(ends.values())) != "linear"
        ):
            return None
        forked = {short_name(spec.name) for spec in found.values()} == FORK_OUTPUTS
        who, sides = (f"{FORK}, by the outputs' names,", FORK_SIDES) if forked else ("RetinaFace", SIDES)
        told = {} if TABLE in found else {"activation": "softmax" if ends["scores"] == "linear" else "none"}
        anchors = f"anchors of {sides[0]:g} to {sides[-1]:g} pixels, as {who} has them"
        return Card(
            name="",
            task="retinaface",
            roles={"image": drafted.image.name} | {role: spec.name for role, spec in found.items()},
            picture=drafted.picture,
            labels=FACE,
            threshold=0.6,
            iou=0.4,
            options={**told, "keypoint_names": list(FIVE_POINTS)} | ({"sides": list(sides)} if forked else {}),
            notes=(
                *drafted.notes,
                *(f"{role} is output {spec.name}, by its shape" for role, spec in found.items()),
                f"RetinaFace has {count} anchors for this input",
            ),
            guesses=(*drafted.guesses, Guess("anchors", anchors, ("options.sides",))),
        )

    def bind(self, card: Card, model: Signature) -> RetinaFaceCodec:
        columns = {TABLE: WIDTH} if TABLE in card.roles else COLUMNS
        specs = bind_roles(card, model, needed=("image", *columns))
        picture = bind_normalised_picture(card, specs["image"], model, USUAL, VALUES)
        anchors = make_anchors(picture.size or (640, 640), read_numbers(card, "sides", SIDES).tolist())
        for role, width in columns.items():
            check_shape(card, role, specs[role], (1, len(anchors), width), (len(anchors), width))
        return RetinaFaceCodec(card, picture, anchors, read_activation(card, logits="softmax"))


@attrs.frozen
class RetinaFaceCodec(PictureCodec):
    anchors: NDArray[np.float32]
    activation: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        boxes, raw, marks = self._read_tables(outputs)
        sums_to_one = bool(np.all(np.abs(raw.sum(axis=1) - 1) <= WHOLE))
        scores = ACTIVATIONS[self.activation or ("none" if sums_to_one else "softmax")](raw)[:, 1]
        rows = np.flatnonzero(scores >= self.card.threshold)
        anchors, offsets = self.anchors[rows], boxes[rows]
        placement = self.placement_of(frame)
        unit = np.array(placement.tensor, np.float32)
        centres = anchors[:, :2] + offsets[:, :2] * CENTRE * anchors[:, 2:]
        sizes = anchors[:, 2:] * np.exp(offsets[:, 2:] * SIZE)
        corners = centred_to_corners(np.concatenate([centres, sizes], axis=1)) * np.tile(unit, 2)
        steps = marks[rows].reshape(len(rows), len(FIVE_POINTS), 2) * CENTRE
        points = (anchors[:, None, :2] + steps * anchors[:, None, 2:]) * unit
        return build_faces(self.card, placement, corners, scores[rows], points.reshape(len(rows), COLUMNS["points"]))

    def _read_tables(self, outputs: Tensors) -> Sequence[NDArray[np.floating]]:
        """Boxes N x 4, scores N x 2, points N x 10."""
        if TABLE in outputs:
            table = drop_batch_axis(self.card, TABLE, outputs[TABLE], (WIDTH,))
            return np.split(table, np.cumsum(list(COLUMNS.values()))[:-1], axis=1)
        return [drop_batch_axis(self.card, role, outputs[role], (width,)) for role, width in COLUMNS.items()]


def make_anchors(size: tuple[int, int], sides: Sequence[float] = SIDES) -> NDArray[np.float32]:
    """N x 4 centre x, centre y, width, height, normalised, for an input of that (width, height)."""
    width, height = size
    pairs = zip(sides[::2], sides[1::2], strict=True)
    parts = [
        make_grid(-(-width // stride), -(-height // stride), [(side / width, side / height) for side in pair])
        for stride, pair in zip(STRIDES, pairs, strict=True)
    ]
    if width % 32 or height % 32:  # a part of a cell counts as one, and its middle lies outside
        for stride, part in zip(STRIDES, parts, strict=True):
            part[:, 0] *= -(-width // stride) * stride / width
            part[:, 1] *= -(-height // stride) * stride / height
    return np.concatenate(parts)


def _find_outputs(outputs: tuple[TensorSpec, ...]) -> dict[str, TensorSpec] | None:
    """Role -> output, by the lengths of their rows; None for other outputs."""
    by_length = {axis_length(spec, -1): spec for spec in outputs if spec.shape and len(spec.shape) == 3}
    wanted = {TABLE: WIDTH} if len(outputs) == 1 else COLUMNS
    found = {role: by_length[length] for role, length in wanted.items() if length in by_length}
    rows = {axis_length(spec, -2) for spec in found.values()}
    return found if len(outputs) == len(found) == len(wanted) and len(rows) == 1 else None
