"""Matting: how much of each pixel is foreground."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess, Label, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Inference, Mask, PixelMap
from runner_core.tasks import (
    ASKED,
    InputDraft,
    PictureCodec,
    are_probabilities,
    bind_picture,
    bind_roles,
    check_classes,
    draft_input,
    drop_wrong_labels,
    find_tensor,
    labels_from_metadata,
    read_activation,
    read_background,
    read_flag,
    short_name,
    sigmoid,
)
from runner_segmentation.draft import USUAL, find_foreground
from runner_segmentation.map_layout import drop_unit_axes, is_plane, refuse_crop
from runner_segmentation.regions import find_regions

FOREGROUND = LabelMap((Label(1, 1, "foreground"),))
CLASSES = 2  # the background, which has no row, and the foreground
HALF = 128  # of 255: from here on a pixel is in the mask

# What matting models call their plane: ``pha`` is that of Robust Video Matting and BackgroundMattingV2.
NAMES = frozenset({"alpha", "alphas", "matte", "pha"})

# Role -> input of Robust Video Matting beside its picture, ``src``. Source: export_onnx.py and inference.py
# (``auto_downsample_ratio``) of github.com/PeterL1n/RobustVideoMatting.
STATES = {"state1": "r1i", "state2": "r2i", "state3": "r3i", "state4": "r4i", "ratio": "downsample_ratio"}
ANY_SIZE = PictureSpec(size=None, layout="nchw", dtype="float32")
COARSE_SIDE = 512  # pixels of the longer side, to which it shrinks a picture before it refines the matte


class Matte:
    """Roles: ``image`` and ``matte``, one number for each cell of a map.

    Of Robust Video Matting also ``state1`` to ``state4``, which are fed zeros, as each picture is matted by itself, and
    ``ratio``, by which it shrinks the picture at first.

    Gives a pixel map of the kind ``alpha``: uint8, 0 to 255, resized bilinearly to the picture. What is at least half
    foreground is the mask of the one row, with the box around it; its score is the mean of the matte over the mask.

    Card options:
    ``spread``      whether the least and the greatest number of each answer are nothing and all of the foreground.
                    U2-Net's own code does so: u2net_test.py, ``normPRED``, github.com/xuebinqin/U-2-Net; and so does
                    IS-Net's. Both give a plane of each of their stages too. Absent: no.
    ``activation``  what makes the numbers shares: ``sigmoid`` or ``none``. Absent: sigmoid for an answer with a number
                    outside 0 to 1, else none.
    """

    kind = "matting"

    def recognise(self, model: Signature) -> Card | None:
        states = _find_states(model)
        drafted = _draft_recurrent(model) if states else draft_input(model, USUAL)
        found = drafted and (_find_named(model, drafted.picture) or find_foreground(model, drafted.picture))
        if not drafted or not found or not _may_be_matting(model):
            return None
        spec, note, guesses = found
        staged = len(model.outputs) > 1 and not _is_named(spec)
        told = (f"matte: {note}", *[f"spread: planes of {len(model.outputs)} stages, as U2-Net gives them"] * staged)
        card = Card(
            name="",
            task="matte",
            roles={"image": drafted.image.name, "matte": spec.name, **states},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata, first=1),  # a list of one names the foreground
            options={"spread": True} if staged else {},
            threshold=0.0,
            notes=(*drafted.notes, *told),
            guesses=(*drafted.guesses, *guesses),
        )
        card = drop_wrong_labels(card, CLASSES, read_background(card, default=0))
        return card if card.labels else attrs.evolve(card, labels=FOREGROUND)

    def bind(self, card: Card, model: Signature) -> MatteCodec:
        states = [role for role in STATES if role in card.roles]
        specs = bind_roles(card, model, needed=("image", "matte", *(STATES if states else ())))
        picture = refuse_crop(card, bind_picture(card, specs["image"], ANY_SIZE if states else USUAL))
        known = specs["matte"].shape is not None and None not in specs["matte"].shape
        if known and not is_plane(specs["matte"], picture, coarsest=None):
            raise TaskError(
                f"brain {card.name}: matte is {specs['matte']}, {card.task} reads [1 x 1 x H x W], as wide to high as "
                "the input",
                remedy="give the output that has one number for each pixel",
            )
        check_classes(card, CLASSES, read_background(card, default=0))
        activation = read_activation(card, logits="sigmoid", among=("sigmoid", "none"))
        fed = {role: specs[role].dtype for role in states}
        return MatteCodec(card, picture, activation, read_flag(card, "spread", False), fed)


@attrs.frozen
class MatteCodec(PictureCodec):
    activation: str | None
    spread: bool
    states: Mapping[str, str]  # role -> dtype

    def encode(self, frame: Frame) -> Tensors:
        """With the states of a first picture, where the model has states."""
        zeros = {role: np.zeros((1, 1, 1, 1), dtype) for role, dtype in self.states.items()}
        if "ratio" in zeros:
            ratio = min(COARSE_SIDE / max(self.placement_of(frame).tensor), 1)
            zeros["ratio"] = np.array([ratio], self.states["ratio"])
        return {**super().encode(frame), **zeros}

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        numbers = np.asarray(drop_unit_axes(self.card, "matte", outputs["matte"], axes=2), np.float32)
        shares = self._to_shares(np.nan_to_num(numbers, posinf=1, neginf=0))
        levels = np.rint(shares.clip(0, 1) * 255).astype(np.uint8)
        matte = PixelMap.placed("alpha", levels, self.placement_of(frame))
        pixels = matte.resize()
        found = find_regions((pixels >= HALF).astype(np.uint8), background=frozenset({0}))  # of class 1
        scored = [(region.mean(pixels[region.part] / 255), region) for region in found]
        kept = [(score, region) for score, region in scored if score >= self.card.threshold]
        return Inference(
            brain=self.card.name,
            task=Matte.kind,
            size=frame.size,
            version=self.card.version,
            labels=self.card.labels,
            model_ids=np.array([region.model_id for _, region in kept], np.int64),
            boxes=np.array([region.box for _, region in kept], np.float32).reshape(-1, 4),
            scores=np.array([score for score, _ in kept], np.float32),
            masks=tuple(Mask(array=region.mask) for _, region in kept),
            pixel_map=matte,
        )

    def _to_shares(self, numbers: NDArray[np.float32]) -> NDArray[np.floating]:
        if self.activation == "sigmoid" or (self.activation is None and not are_probabilities(numbers)):
            numbers = np.asarray(sigmoid(numbers), np.float32)
        if not self.spread:
            return numbers
        least, most = numbers.min(), numbers.max()
        return (numbers - least) / (most - least) if most > least else np.zeros_like(numbers)


def _find_states(model: Signature) -> dict[str, str]:
    """Role -> input, of Robust Video Matting alone."""
    named = {role: find_tensor(model.inputs, name) for role, name in STATES.items()}
    found = {role: spec.name for role, spec in named.items() if spec is not None}
    return found if len(found) == len(STATES) else {}


def _draft_recurrent(model: Signature) -> InputDraft | None:
    """The picture among its inputs, as if it were the only one. It has any size: the network resizes by itself."""
    picture = tuple(spec for spec in model.inputs if spec.name not in _find_states(model).values())
    drafted = draft_input(attrs.evolve(model, inputs=picture), ANY_SIZE, UNIT, sure=True)
    note = "state1 to state4 and ratio are Robust Video Matting's: each picture is matted by itself"
    return drafted.with_notes(note) if drafted else None


def _may_be_matting(model: Signature) -> bool:
    """Whether nobody says that it is something else."""
    asked = model.metadata.get(ASKED, "matte")
    return asked == "matte" and model.metadata.get("task", Matte.kind) == Matte.kind


def _find_named(model: Signature, picture: PictureSpec) -> tuple[TensorSpec, str, tuple[Guess, ...]] | None:
    """The plane that is named as a matte."""
    fitting = (spec for spec in model.outputs if _is_named(spec) and is_plane(spec, picture))
    spec = next((spec for spec in fitting if spec.dtype.startswith("float")), None)
    return (spec, f"{spec.name} is read, by its name and shape", ()) if spec else None


def _is_named(spec: TensorSpec) -> bool:
    return short_name(spec.name).lower() in NAMES
