"""Telling a semantic segmentation by its tensors, and drafting its card."""

from __future__ import annotations

import attrs

from runner_core.cards import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames import PictureSpec
from runner_core.tasks import (
    UNIT,
    InputDraft,
    draft_input,
    drop_wrong_labels,
    find_tensor,
    labels_from_metadata,
    letterbox_from_metadata,
    read_background,
    short_name,
)
from runner_segmentation.maps import classes_in, is_class_map, layout_of

Found = tuple[str, TensorSpec, tuple[str, ...]]  # role, output, how it was found

USUAL = PictureSpec(size=(512, 512))

# DeepLab's own graphs take any size up to their crop size, which is 513 unless the exporter was told otherwise, and
# pad it with grey: tensorflow/models, research/deeplab/export_model.py. Crop sizes are 16 k + 1.
DEEPLAB_INPUT, DEEPLAB_OUTPUT = "ImageTensor", "SemanticPredictions"
DEEPLAB = PictureSpec(size=(513, 513), resize="fit", resample="antialias")
DEEPLAB_STEP = 16
PADDED = attrs.evolve(DEEPLAB, resize="pad", pad=(128, 128, 128))

# Scores of so many classes for each cell would as well be a picture, or heat maps of a person's keypoints.
AMBIGUOUS = frozenset({1, 3, 17})

BACKGROUND_NOTE = "guess: class 0 is background; a label map settles it"


def draft(model: Signature) -> Card | None:
    """A card, where every output is a map of the picture and it is plain which one to read."""
    exported = model.metadata.get("task")  # by Ultralytics
    drafted = _input(model, exported) if exported in (None, "semantic") else None
    if drafted is None:
        return None
    found = _deeplab_output(model) or _only_map(model, drafted.picture)
    if found is None:
        return None
    role, spec, notes = found
    card = Card(
        name="",
        task="semantic-segmentation",
        roles={"image": drafted.image.name, role: spec.name},
        picture=drafted.picture,
        labels=labels_from_metadata(model.metadata),
        threshold=0.0,
        notes=(*drafted.notes, *notes, BACKGROUND_NOTE),
    )
    layout = layout_of(spec, drafted.picture) if role == "scores" else None
    return drop_wrong_labels(card, classes_in(spec, layout), read_background(card, default=0)) if layout else card


def _input(model: Signature, exported: str | None) -> InputDraft | None:
    """How the picture is fitted to the input depends on who exported it."""
    if exported:
        note = "the picture is letterboxed on grey 114, as Ultralytics does"
        drafted = draft_input(model, letterbox_from_metadata(model.metadata), UNIT, sure=True)
    elif find_tensor(model.inputs, DEEPLAB_INPUT):
        note = "the picture keeps its proportions, without padding: DeepLab pads it itself"
        drafted = draft_input(model, DEEPLAB)
    else:
        note = "guess: the picture is stretched to the input; picture.resize letterbox keeps its proportions"
        drafted = draft_input(model, USUAL)
        if drafted and all(side % DEEPLAB_STEP == 1 for side in drafted.picture.size or ()):
            note = "guess: the size is DeepLab's, so the picture is padded as DeepLab does; else picture.resize stretch"
            drafted = draft_input(model, PADDED)
    return drafted if drafted is None or "resize" in model.metadata else drafted.with_notes(note)


def _deeplab_output(model: Signature) -> Found | None:
    named = find_tensor(model.outputs, DEEPLAB_OUTPUT)
    return ("class_map", named, (f"class_map is output {named.name}, by its name",)) if named else None


def _only_map(model: Signature, picture: PictureSpec) -> Found | None:
    """The output to read: scores before a class map made of them, and none where there are several of a kind."""
    # torchvision's second head is called aux
    outputs = [spec for spec in model.outputs if not short_name(spec.name).startswith("aux")]
    maps = [spec for spec in outputs if is_class_map(spec, picture)]
    scores = [spec for spec in outputs if _are_scores(spec, picture)]
    if len(maps) + len(scores) != len(outputs) or len(maps) > 1 or len(scores) > 1:
        return None
    if scores:
        layout = layout_of(scores[0], picture) or ""
        told = f"scores is output {scores[0].name}, by its shape: {classes_in(scores[0], layout)} classes, {layout}"
        return "scores", scores[0], (told, "guess: these are scores of classes; features of the picture look alike")
    return ("class_map", maps[0], (f"class_map is output {maps[0].name}, by its shape and dtype",)) if maps else None


def _are_scores(spec: TensorSpec, picture: PictureSpec) -> bool:
    layout = layout_of(spec, picture)
    return spec.dtype.startswith("float") and layout is not None and classes_in(spec, layout) not in AMBIGUOUS
