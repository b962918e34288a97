"""MediaPipe's landmarks: the points of the one face, hand, body or eye that a picture shows.

Sources: github.com/google-ai-edge/mediapipe, ``calculators/tensor/tensors_to_landmarks_calculator.cc`` and the graphs
``modules/face_landmark``, ``hand_landmark``, ``pose_landmark`` and ``iris_landmark``: x, y, z of each point, in pixels
of the input, of a body also how visible and how present it is; apart from them the score that there is such a thing.
How a detector's answer is cropped for them: ``face_detection_front_detection_to_roi.pbtxt``,
``palm_detection_detection_to_roi.pbtxt``, ``pose_detection_to_roi.pbtxt``, ``iris_landmark_landmarks_to_roi.pbtxt``;
which points an eye's corners are: ``graphs/iris_tracking/iris_tracking_cpu.pbtxt``.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, CropRule, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Inference
from runner_core.tasks import (
    ACTIVATIONS,
    InputDraft,
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    draft_input,
    read_activation,
    sigmoid,
)
from runner_keypoints.heat_refinement import refine_points
from runner_keypoints.landmark_names import BODY, HAND
from runner_keypoints.poses import KIND, Poses, build_answer

THRESHOLD = 0.5  # as the graphs have it


@attrs.frozen
class Landmarker:
    """What such a network marks.

    ``usual``    how a picture comes to it.
    ``lines``    the lengths of its outputs that are one line of numbers, in their order.
    ``roles``    of these outputs; of the others, such as points in metres, none.
    ``numbers``  of each point.
    ``points``   how many are answered: the rest helps MediaPipe to follow them.
    ``crops``    how MediaPipe's graph crops what the model before it finds: a detector, or of an eye the face's.
    ``heat``     whether it has a heat map for each point.
    """

    thing: str
    usual: PictureSpec
    lines: tuple[int, ...]
    roles: tuple[str, ...]
    points: int
    crops: tuple[CropRule, ...]
    numbers: int = 3
    heat: bool = False
    names: tuple[str, ...] = ()


FACE_CROP = CropRule(line=(0, 1), square=True, scale=1.5, keypoints=6)  # from the right eye to the left one
HAND_CROP = CropRule(line=(0, 2), at=90, shift=(0, -0.5), square=True, scale=2.6, keypoints=7)  # wrist, middle finger
BODY_CROP = CropRule(line=(0, 1), at=90, around="circle", square=True, scale=1.25, keypoints=4)  # about the hip
# The network knows one eye; it sees the other as in a mirror.
EYE_CROP = CropRule(line=(33, 133), around="line", square=True, scale=2.3, keypoints=468)
OTHER_EYE_CROP = attrs.evolve(EYE_CROP, line=(362, 263), mirrored=True)

# A face is stretched; a hand and a body keep their proportions amid repeated edges, an eye on black.
LANDMARKERS = (
    Landmarker("face", PictureSpec((192, 192)), (1404, 1), ("points", "presence"), 468, (FACE_CROP,)),
    Landmarker(
        "hand",
        PictureSpec((224, 224), "letterbox", border="edge"),
        (63, 1, 1, 63),
        ("points", "presence"),
        21,
        (HAND_CROP,),
        names=HAND,
    ),
    Landmarker(
        "person",
        PictureSpec((256, 256), "letterbox", border="edge"),
        (195, 1, 117),
        ("points", "presence"),
        33,
        (BODY_CROP,),
        numbers=5,
        heat=True,
        names=BODY,
    ),
    Landmarker(
        "eye", PictureSpec((64, 64), "letterbox"), (213, 15), ("points", "iris"), 76, (EYE_CROP, OTHER_EYE_CROP)
    ),
)


class Landmarks:
    """Roles: ``image``, ``points``; ``presence`` or, of an eye, ``iris``; of a body ``heat``, 1 x h x w x K logits.

    Card options:
    ``activation``  what makes a score of ``presence``: ``sigmoid`` or ``none`` (default).
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        landmarker = _find_landmarker([count_line(spec) for spec in model.outputs])
        drafted = draft_input(model, landmarker.usual, UNIT, sure=True) if landmarker else None
        if landmarker is None or drafted is None or drafted.picture.size != landmarker.usual.size:
            return None
        return _draft(model, landmarker, drafted)

    def bind(self, card: Card, model: Signature) -> LandmarksCodec:
        specs = bind_roles(card, model, needed=("image", "points"), optional=("presence", "iris", "heat"))
        length = count_line(specs["points"])
        landmarker = next((each for each in LANDMARKERS if each.lines[0] == length), None)
        if landmarker is None or not specs.keys() >= {*landmarker.roles}:
            wanted = (f"{' and '.join(each.roles)} of {each.lines[0]} numbers" for each in LANDMARKERS)
            raise TaskError(
                f"brain {card.name}: points is {specs['points']}, beside {', '.join(specs)}: no landmarks of MediaPipe",
                remedy=f"give {', or '.join(wanted)}",
            )
        picture = bind_normalised_picture(card, specs["image"], model, landmarker.usual, UNIT)
        return LandmarksCodec(card, picture, landmarker, read_activation(card, logits="sigmoid") or "none")


@attrs.frozen
class LandmarksCodec(PictureCodec):
    landmarker: Landmarker
    activation: str

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement, one = self.placement_of(frame), self.landmarker
        rows = [outputs[role].reshape(-1, one.numbers) for role in ("points", "iris") if role in outputs]
        table: NDArray[np.float32] = np.concatenate(rows).astype(np.float32)
        spots: NDArray[np.float32] = (table[:, :2] / placement.tensor).astype(np.float32)
        if "heat" in outputs:
            spots = refine_points(spots, outputs["heat"][0])
        score = self._read_presence(outputs)
        seen = sigmoid(table[:, 3:]).min(axis=1, initial=1.0) if one.numbers > 3 else np.full(len(table), score)
        points = np.column_stack([spots * placement.tensor, seen])[: one.points].astype(np.float32)
        answer = build_answer(self.card, Poses(points[None], np.array([score], np.float32)), placement, least=0)
        return answer if "presence" in outputs else attrs.evolve(answer, scores=None)

    def _read_presence(self, outputs: Tensors) -> float:
        if "presence" not in outputs:
            return 1.0
        values: NDArray[np.float32] = np.asarray(outputs["presence"], np.float32).reshape(-1)[:1]
        return float(ACTIVATIONS[self.activation](values)[0])


def _draft(model: Signature, landmarker: Landmarker, drafted: InputDraft) -> Card:
    lines = [spec for spec in model.outputs if count_line(spec)]
    roles = {role: spec.name for role, spec in zip(landmarker.roles, lines, strict=False)}
    if landmarker.heat:
        roles.update(("heat", spec.name) for spec in model.outputs if _is_heat(spec, landmarker))
    logits = model.ends.get(roles.get("presence", "")) == "linear"
    named = {"keypoint_names": list(landmarker.names)} if landmarker.names else {}
    return Card(
        name="",
        task="mediapipe-landmarks",
        roles={"image": drafted.image.name, **roles},
        picture=drafted.picture,
        labels=LabelMap.from_names([landmarker.thing]),
        threshold=THRESHOLD,
        options=named | ({"activation": "sigmoid"} if logits else {}),
        crops=landmarker.crops,
        notes=(
            *drafted.notes,
            *(
                f"{role} is output {name}, by the lengths of the outputs and their order"
                for role, name in roles.items()
            ),
            f"MediaPipe's landmarks of the {landmarker.thing} that fills the picture: crop it there first",
            f"behind a model of {landmarker.crops[0].keypoints} keypoints a chain crops it turned, as MediaPipe does",
        ),
        guesses=drafted.guesses,
    )


def _find_landmarker(lengths: Sequence[int | None]) -> Landmarker | None:
    lines = tuple(length for length in lengths if length is not None)
    return next((each for each in LANDMARKERS if each.lines == lines), None)


def count_line(spec: TensorSpec) -> int | None:
    """How many numbers an output of one line has, as [1 x N] or with more axes of 1; None for others."""
    shape = spec.shape or ()
    if not spec.dtype.startswith("float") or not shape or any(side != 1 for side in shape[:-1]):
        return None
    return shape[-1]


def _is_heat(spec: TensorSpec, landmarker: Landmarker) -> bool:
    shape = spec.shape or ()
    return len(shape) == 4 and shape[3] == landmarker.lines[0] // landmarker.numbers
