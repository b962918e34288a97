"""TFLite_Detection_PostProcess: the operation at the end of TFLite detectors, its four outputs in any order.

Source: tensorflow/lite/kernels/detection_postprocess.cc. Boxes 1 x N x 4 are ymin, xmin, ymax, xmax, normalised;
classes and scores 1 x N; the count [1]. Classes count from 0 and leave the background out.
"""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.cards import Card, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.frames import SIGNED, Frame, PictureSpec
from runner_core.results import Floats, Inference
from runner_core.tasks import bind_normalised_picture, bind_roles, draft_input, labels_from_metadata, short_name
from runner_detection.kind import KIND
from runner_detection.tf_detection import NEEDED, TfDetectionCodec, check_shapes

OPERATION = "TFLite_Detection_PostProcess"
IN_ORDER = ("boxes", "classes", "scores", "count")


class TfliteDetection:
    """Roles: ``image``, ``boxes``, ``scores``, ``classes``, ``count``.

    ``scores`` and ``classes`` have the same shape, and converters write them in either order under names that do not
    tell which is which: where the values contradict the card, the two are exchanged (see ``are_swapped``).
    Labels that count the background (a TF label map, or a list that begins with ``???``) are shifted down by one.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        found, how = _find_by_name(model.outputs), f"by the names of {OPERATION}"
        if found is None:
            found, how = _find_by_shape(model.outputs), "by its shape"
        drafted = draft_input(model, PictureSpec(), SIGNED)
        if found is None or drafted is None:
            return None
        return Card(
            name="",
            task="tflite-detection",
            roles={"image": drafted.image.name} | {role: spec.name for role, spec in found.items()},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            notes=(*drafted.notes, *_write_notes(found, how)),
            guesses=drafted.guesses,
        )

    def bind(self, card: Card, model: Signature) -> TfliteDetectionCodec:
        specs = bind_roles(card, model, needed=("image", *NEEDED), optional=("count",))
        check_shapes(card, specs)
        picture = bind_normalised_picture(card, specs["image"], model, PictureSpec(), SIGNED)
        labels = drop_background(card.labels)
        return TfliteDetectionCodec(attrs.evolve(card, labels=labels), picture, boxes=None, masks=None)


@attrs.frozen
class TfliteDetectionCodec(TfDetectionCodec):
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        if are_swapped(outputs["scores"], outputs["classes"]):
            outputs = {**outputs, "scores": outputs["classes"], "classes": outputs["scores"]}
        return super().decode(outputs, frame)


def are_swapped(scores: Floats, classes: Floats) -> bool:
    """Whether the values say that the two are exchanged: classes are whole numbers, scores are fractions up to 1."""
    if not _are_whole(classes):
        return _are_whole(scores)
    return bool(scores.max(initial=0) > 1 >= classes.max(initial=0))


def _are_whole(values: Floats) -> bool:
    return bool((values == np.rint(values)).all())


def drop_background(labels: LabelMap) -> LabelMap:
    """The labels as the operation counts: the first class that is not background is 0."""
    known = sorted(labels.labels, key=lambda label: label.model_id)
    if not known or (known[0].model_id == 0 and 0 not in labels.background):
        return labels
    instances = [label for label in known if label.model_id > 0]
    return LabelMap(tuple(attrs.evolve(label, model_id=label.model_id - 1) for label in instances))


def _find_by_name(outputs: tuple[TensorSpec, ...]) -> dict[str, TensorSpec] | None:
    """By the operation's own names, which end in nothing, ``:1``, ``:2`` and ``:3``, always in this order."""
    if len(outputs) != len(IN_ORDER) or any(short_name(spec.name) != OPERATION for spec in outputs):
        return None
    return dict(zip(IN_ORDER, sorted(outputs, key=lambda spec: spec.name), strict=True))


def _find_by_shape(outputs: tuple[TensorSpec, ...]) -> dict[str, TensorSpec] | None:
    """Boxes 1 x N x 4, two of 1 x N, and [1]. Of the two, the first is drafted as the classes, as in the operation."""
    if len(outputs) != len(IN_ORDER) or any(short_name(spec.name) in NEEDED.values() for spec in outputs):
        return None
    by_rank = sorted(outputs, key=lambda spec: -len(spec.shape or ()))
    boxes, classes, scores, count = by_rank
    shapes = [boxes.shape, classes.shape, scores.shape, count.shape]
    rows = boxes.shape[1] if boxes.shape and len(boxes.shape) == 3 else None
    if rows is None or shapes != [(1, rows, 4), (1, rows), (1, rows), (1,)]:
        return None
    return {"boxes": boxes, "classes": classes, "scores": scores, "count": count}


def _write_notes(found: dict[str, TensorSpec], how: str) -> tuple[str, ...]:
    facts = [f"{role} is output {spec.name}, {how}" for role, spec in found.items()]
    facts.append("classes count from 0 without the background, as the operation has it")
    if how == "by its shape":
        facts.append("scores and classes have the same shape here: each prediction tells them apart by their values")
    return tuple(facts)
