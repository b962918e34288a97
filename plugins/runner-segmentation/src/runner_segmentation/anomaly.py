"""Anomaly detection: whether a picture shows something unusual, and where."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Inference, PixelMap, Verdict
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_classes,
    draft_input,
    drop_wrong_labels,
    find_tensor,
    labels_from_metadata,
    read_literal,
)
from runner_segmentation.map_layout import drop_unit_axes, is_plane, refuse_crop
from runner_segmentation.regions import PartMask, Parts

LABELS = LabelMap.from_names(["normal", "anomalous"])
ANOMALOUS = 1
USUAL = PictureSpec(size=(256, 256))
HALF = 0.5  # the threshold of numbers that are normalised
DIGITS = 6  # of a score, as many as a float32 has
MOST = 100  # regions; COCO counts no more either

# The outputs of Anomalib 2, by role. Source: src/anomalib/models/components/base/export_mixin and
# src/anomalib/post_processing/post_processor.py of github.com/open-edge-platform/anomalib.
NAMES = {"map": "anomaly_map", "score": "pred_score", "label": "pred_label", "mask": "pred_mask"}
NUMBERS = ("image_threshold", "image_scale", "pixel_threshold", "pixel_scale")


class Anomaly:
    """Roles: ``image`` and ``map``, and where the model gives them ``score``, ``label`` and ``mask``. A model that
    judges whole pictures alone has a ``score`` instead of a map.

    Gives a verdict, normal or anomalous, with the score of the picture; a pixel map of the kind ``heat``; and a row for
    each region that is anomalous, with its mask, the box around it and the highest number in it as its score.

    Anomalib 2 normalises its numbers so that 0.5 is the threshold, and says in ``label`` and ``mask`` what is beyond
    it. Without these two, what reaches the card's threshold is anomalous. Without ``score`` it is that of the hottest
    cell. Anomalib 0 and 1 export a map alone, ``output``, and write into ``metadata.json`` what normalises it:
    ``(number - threshold) / scale + 0.5``, from 0 to 1. Source: src/anomalib/utils/normalization/min_max.py.

    Card options:
    ``image_threshold``, ``image_scale``, ``pixel_threshold``, ``pixel_scale``  normalise the score of the picture and
                     the map as above. Absent: they are normalised already; without a scale it is 1.
    """

    kind = "anomaly-detection"

    def recognise(self, model: Signature) -> Card | None:
        roles = _find_roles(model)
        if "map" not in roles and not {"score", "label"} <= roles.keys():
            return None
        numbers = {} if {"label", "mask"} & roles.keys() else _read_numbers(model.metadata)
        spec = model.tensor(roles["map"]) if "map" in roles else None
        drafted = draft_input(model, _fit_to_map(spec), UNIT, sure=True)
        if drafted is None or (spec is not None and not _is_heat(spec, drafted.picture)):
            return None
        told = "mask" in roles or "map" not in roles
        found = ", ".join(f"{role} is output {name}" for role, name in roles.items())
        unsaid = Guess("threshold", "what reaches 0.5 is anomalous; nothing says the threshold", ("conf",))
        card = Card(
            name="",
            task="anomaly",
            roles={"image": drafted.image.name, **roles},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.0 if told else HALF,
            options=numbers,
            notes=(*drafted.notes, f"{found}, as Anomalib names them", *_describe(numbers)),
            guesses=(*drafted.guesses, *[unsaid] * (not told and not numbers)),
        )
        card = drop_wrong_labels(card, len(LABELS))
        return card if card.labels else attrs.evolve(card, labels=LABELS)

    def bind(self, card: Card, model: Signature) -> AnomalyCodec:
        specs = bind_roles(card, model, needed=("image",), optional=NAMES)
        if "map" not in specs and ("score" not in specs or "mask" in specs):
            raise TaskError(f"brain {card.name}: the roles have no map", remedy="give one, or a score and no mask")
        like = _fit_to_map(specs.get("map"))
        picture = refuse_crop(card, bind_normalised_picture(card, specs["image"], model, like, UNIT))
        for role in ("map", "mask"):
            if role in specs and not _spans(specs[role], picture):
                raise TaskError(
                    f"brain {card.name}: {role} is {specs[role]}, {card.task} reads [1 x 1 x H x W], as wide to high "
                    "as the input",
                    remedy="give the output that has one number for each pixel",
                )
        check_classes(card, len(LABELS))
        return AnomalyCodec(card, picture, *(_read_scaling(card, part) for part in ("image", "pixel")))


@attrs.frozen
class Scaling:
    """Brings numbers to 0 to 1, the threshold to 0.5; without a threshold they are so already."""

    threshold: float | None
    scale: float

    def apply(self, numbers: NDArray[Any]) -> NDArray[np.float32]:
        scaled = np.asarray(numbers, np.float32)
        if self.threshold is not None:
            scaled = (scaled - self.threshold) / self.scale + HALF
        shares: NDArray[np.float32] = np.nan_to_num(scaled.clip(0, 1))
        return shares


@attrs.frozen
class AnomalyCodec(PictureCodec):
    image: Scaling
    pixel: Scaling

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        planes = {
            role: drop_unit_axes(self.card, role, outputs[role], axes=2) for role in ("map", "mask") if role in outputs
        }
        heat = self.pixel.apply(planes["map"]) if "map" in planes else np.zeros((1, 1), np.float32)
        inside = np.asarray(planes["mask"], bool) if "mask" in planes else heat >= (self.card.threshold or HALF)
        if inside.shape != heat.shape:
            raise TaskError(f"brain {self.card.name}: the mask came as {inside.shape}, the map as {heat.shape}")
        parts = Parts.of(inside, heat).take_best(self.card.threshold, MOST)
        answer = build_inference(
            self.card,
            Anomaly.kind,
            frame.size,
            placement.to_picture(parts.boxes * np.tile(np.divide(placement.tensor, heat.shape[::-1]), 2)),
            parts.scores,
            np.full(len(parts.scores), ANOMALOUS),
            masks=tuple(PartMask(parts.labels, number, placement) for number in parts.numbers.tolist()),
        )
        pixel_map = PixelMap.placed("heat", heat, placement) if "map" in planes else None
        return attrs.evolve(answer, pixel_map=pixel_map, verdict=self._judge(outputs))

    def _judge(self, outputs: Tensors) -> Verdict:
        score = float(self.image.apply(outputs["score" if "score" in outputs else "map"]).max())
        number = int(score >= (self.card.threshold or HALF))
        if "label" in outputs:
            number = int(np.asarray(outputs["label"]).reshape(-1)[0] > 0)
        labels = self.card.labels
        return Verdict(labels.name(number), labels.file_id(number), number, round(score, DIGITS))


def _find_roles(model: Signature) -> dict[str, str]:
    """Role -> output: by the names of Anomalib 2, else the only map of an older one, whose metadata tell it."""
    named = {role: find_tensor(model.outputs, name) for role, name in NAMES.items()}
    roles = {role: spec.name for role, spec in named.items() if spec is not None}
    if not roles and _read_numbers(model.metadata) and model.outputs:
        return {"map": model.outputs[0].name}  # the first of several, which Anomalib's own inferencer takes
    return roles


def _read_numbers(metadata: Mapping[str, str]) -> dict[str, float]:
    """The card's options, from what lies beside the model, or what Anomalib 0 and Model API write into an IR."""
    given = {name: metadata.get(name) for name in NUMBERS}
    scale = metadata.get("normalization_scale")
    given |= {name: given[name] or scale for name in ("image_scale", "pixel_scale")}
    found = {name: read_literal({name: value}, name) for name, value in given.items() if value}
    numbers = {name: float(value) for name, value in found.items() if isinstance(value, int | float) and value == value}
    return numbers if {"image_threshold", "pixel_threshold"} <= numbers.keys() else {}


def _describe(numbers: Mapping[str, float]) -> tuple[str, ...]:
    told = ", ".join(f"{name} {value:.6g}" for name, value in numbers.items())
    return (f"the metadata say {told}",) if numbers else ()


def _read_scaling(card: Card, part: str) -> Scaling:
    """Raises TaskError for what is no number, and for a scale that is not above 0."""
    threshold = _read_number(card, f"{part}_threshold", above=-math.inf)
    scale = _read_number(card, f"{part}_scale", above=0)
    return Scaling(threshold, 1.0 if scale is None else scale)


def _read_number(card: Card, name: str, *, above: float) -> float | None:
    value = card.options.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and above < value < math.inf:
        return float(value)
    raise TaskError(f"brain {card.name}: the option {name} is {value!r}", remedy="give a number, a scale above 0")


def _fit_to_map(spec: TensorSpec | None) -> PictureSpec:
    """The usual picture, as large as the map where that is known: graphs that take any size resize by themselves."""
    match spec.shape if spec else None:
        case (*_, int(high), int(wide)) if high > 1 and wide > 1:
            return attrs.evolve(USUAL, size=(wide, high), layout="nchw")
    return attrs.evolve(USUAL, layout="nchw")


def _is_heat(spec: TensorSpec, picture: PictureSpec) -> bool:
    return spec.dtype.startswith("float") and _spans(spec, picture)


def _spans(spec: TensorSpec, picture: PictureSpec) -> bool:
    """Whether it is a plane of the picture, as far as its shape is known."""
    known = spec.shape is not None and None not in spec.shape[-2:]
    return not known or is_plane(spec, picture, coarsest=None)
