"""Recognition: a semantic segmentation by its tensors, and the draft of its card."""

from __future__ import annotations

import attrs

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames import UNIT, PictureSpec
from runner_core.tasks import (
    ASKED,
    InputDraft,
    draft_input,
    drop_wrong_labels,
    find_tensor,
    labels_from_metadata,
    letterbox_from_metadata,
    read_background,
    short_name,
)
from runner_segmentation.map_layout import count_classes, find_map_layout, is_class_map, is_plane

Found = tuple[str, TensorSpec, str, tuple[Guess, ...]]  # role, output, how it was found, what is supposed of it

USUAL = PictureSpec(size=(512, 512))

# DeepLab's own graphs take any size up to their crop size, which is 513 unless the exporter changed it, and
# pad it with grey: tensorflow/models, research/deeplab/export_model.py. Crop sizes are 16 k + 1.
DEEPLAB_INPUT, DEEPLAB_OUTPUT = "ImageTensor", "SemanticPredictions"
DEEPLAB = PictureSpec(size=(513, 513), resize="fit", resample="antialias")
DEEPLAB_STEP = 16
PADDED = attrs.evolve(DEEPLAB, resize="pad", pad=(128, 128, 128))

CENTRES = 8  # pixels of a cell of FOMO's maps of centres

# Scores of so many classes for each cell could also be a picture, or heat maps of a person's keypoints.
AMBIGUOUS = frozenset({1, 3, 17})

BACKGROUND = Guess("background", "class 0 is background", ("background", "labels"))
SCORES = Guess("kind", "these are scores of classes; features of the picture look alike", ("task", "labels"))


def draft_card(model: Signature) -> Card | None:
    """A card, where every output is a map of the picture and it is clear which one to read."""
    exported = model.metadata.get("task")  # by Ultralytics
    drafted = _draft_input(model, exported) if exported in (None, "semantic") else None
    if drafted is None:
        return None
    found = _find_deeplab_output(model) or _find_only_map(model, drafted.picture)
    if found is None:
        return None
    role, spec, note, guesses = found
    card = Card(
        name="",
        task="semantic-segmentation",
        roles={"image": drafted.image.name, role: spec.name},
        picture=drafted.picture,
        labels=labels_from_metadata(model.metadata),
        threshold=0.0,
        notes=(*drafted.notes, note),
        guesses=(*drafted.guesses, *guesses, BACKGROUND),
    )
    layout = find_map_layout(spec, drafted.picture) if role == "scores" else None
    classes = max(2, count_classes(spec, layout)) if layout else None
    return drop_wrong_labels(card, classes, read_background(card, default=0)) if layout else card


def _draft_input(model: Signature, exported: str | None) -> InputDraft | None:
    """The picture input; how a picture is fitted to it depends on the exporter."""
    if exported:
        note = "the picture is letterboxed on grey 114, as Ultralytics does"
        drafted = draft_input(model, letterbox_from_metadata(model.metadata), UNIT, sure=True)
    elif find_tensor(model.inputs, DEEPLAB_INPUT):
        note = "the picture keeps its proportions, without padding: DeepLab pads it itself"
        drafted = draft_input(model, DEEPLAB, sure=("colour", "resize"))
    else:
        note = ""
        drafted = draft_input(model, USUAL)
        if drafted and all(side % DEEPLAB_STEP == 1 for side in drafted.picture.size or ()):
            drafted = draft_input(model, PADDED)
            padded = drafted is not None and drafted.picture.resize == "pad"
            note = "the size is DeepLab's, so the picture is padded as DeepLab does" if padded else ""
    return drafted if drafted is None or "resize" in model.metadata or not note else drafted.with_notes(note)


def _find_deeplab_output(model: Signature) -> Found | None:
    named = find_tensor(model.outputs, DEEPLAB_OUTPUT)
    return ("class_map", named, f"class_map is output {named.name}, by its name", ()) if named else None


def _find_only_map(model: Signature, picture: PictureSpec) -> Found | None:
    """The output to read: scores before a class map made of them; None where there are several of a kind."""
    # torchvision's second head is called aux
    outputs = [spec for spec in model.outputs if not short_name(spec.name).startswith("aux")]
    if model.metadata.get(ASKED) == "semantic-segmentation" and (foreground := find_foreground(model, picture)):
        return "scores", *foreground
    maps = [spec for spec in outputs if is_class_map(spec, picture)]
    scores = [spec for spec in outputs if _can_be_scores(spec, picture)]
    if len(maps) + len(scores) != len(outputs) or len(maps) > 1 or len(scores) > 1:
        return None
    if scores and _has_centres(scores[0], model, picture):
        return None
    if scores:
        layout = find_map_layout(scores[0], picture) or ""
        note = f"scores is output {scores[0].name}, by its shape: {count_classes(scores[0], layout)} classes, {layout}"
        return "scores", scores[0], note, (SCORES,)
    return ("class_map", maps[0], f"class_map is output {maps[0].name}, by its shape and dtype", ()) if maps else None


def _has_centres(scores: TensorSpec, model: Signature, picture: PictureSpec) -> bool:
    """Whether it is FOMO's map, which says where things have their centres: probabilities of cells of 8 pixels.

    A segmentation makes probabilities of the whole picture's pixels, or leaves logits to whoever makes it larger.
    """
    shape, (wide, high) = scores.shape or (), picture.size or (0, 0)
    return model.ends.get(scores.name) == "softmax" and shape[1:3] == (high // CENTRES, wide // CENTRES)


def find_foreground(model: Signature, picture: PictureSpec) -> tuple[TensorSpec, str, tuple[Guess, ...]] | None:
    """One plane that ends in a sigmoid: how sure each pixel is of the foreground; of several such planes the first.

    The output, how it was found, and what is supposed of it. Source for the first of several: U2-Net's ``d0`` is the
    sum of the others, github.com/xuebinqin/U-2-Net.
    """
    ends = {model.ends.get(spec.name) for spec in model.outputs}
    if ends != {"sigmoid"} or not all(_is_soft_plane(spec, picture) for spec in model.outputs):
        return None
    first = model.outputs[0]
    note = f"{first.name} is read, by its shape and its end: a plane that ends in a sigmoid"
    return first, note, (Guess("kind", "the plane says how much a pixel is foreground, class 1", ("task",)),)


def _is_soft_plane(spec: TensorSpec, picture: PictureSpec) -> bool:
    return spec.dtype.startswith("float") and is_plane(spec, picture)


def _can_be_scores(spec: TensorSpec, picture: PictureSpec) -> bool:
    layout = find_map_layout(spec, picture)
    return spec.dtype.startswith("float") and layout is not None and count_classes(spec, layout) not in AMBIGUOUS
