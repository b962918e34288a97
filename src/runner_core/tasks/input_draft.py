"""The picture input of a model without a card: what is known of it, by what, and what is guessed.

Layout, size, dtype and batch axis come from the tensor's shape. What the values mean, the order of the colours and the
rule by which a picture is fitted come from whoever is surest: the metadata, the graph, files beside it, the family.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Literal

import attrs
import numpy as np

from runner_core.cards.card import Card
from runner_core.cards.clue import Clue
from runner_core.cards.guess import Guess
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.normalization import Normalization
from runner_core.frames.picture_spec import RESAMPLES, PictureSpec
from runner_core.tasks.input_shape import is_picture_input
from runner_core.tasks.metadata import size_from_metadata
from runner_core.tasks.normalization import find_normalization, guess_normalization
from runner_core.tasks.picture_input import bind_picture

About = Literal["range", "colour", "resize"]
ABOUTS: tuple[About, ...] = ("colour", "range", "resize")  # colours first: the values are given in their order
SETTLED_BY = {"range": ("range", "mean", "std"), "colour": ("colour",), "resize": ("resize",)}
EXACT = "opencv"  # of the filters, the one that differs from ``bilinear`` by two grey levels at most
ATOL, RTOL = 1.0, 0.02  # within which two normalizations are the same, in pixel units and as a share
TOLD, BY_FAMILY, USUAL, POOR = 1.0, 0.95, 0.6, 0.3  # how sure: told so, by its family, usual in it, by the layout alone
RESIZED = {
    "stretch": "stretched",
    "letterbox": "letterboxed",
    "pad": "padded below or at the right",
    "crop": "cropped",
    "fit": "shrunk to fit",
}


@attrs.frozen
class InputDraft:
    """The picture input of a model without a card: the tensor, how a picture becomes it, and how that is known."""

    image: TensorSpec
    picture: PictureSpec
    notes: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()

    def with_notes(self, *notes: str) -> InputDraft:
        """The same with these notes after the others."""
        return attrs.evolve(self, notes=(*self.notes, *notes))

    def with_guesses(self, *guesses: Guess) -> InputDraft:
        """The same with these guesses after the others."""
        return attrs.evolve(self, guesses=(*self.guesses, *guesses))


def draft_input(
    model: Signature,
    like: PictureSpec,
    usual: Normalization | None = None,
    *,
    sure: bool | Collection[str] = (),
) -> InputDraft | None:
    """The model's only input, if it takes one picture in numbers; None otherwise.

    ``like`` fills in what the input's shape leaves open, ``usual`` is the normalization of a float input that is usual
    in the family; without one it is guessed from the layout. ``sure`` says what the family leaves no doubt of: all
    (True), or some of ``range``, ``colour``, ``resize``; besides these, ``resample`` says that its publisher does not
    resize by OpenCV. For the rest, clues that are surer than the family count.
    """
    found = find_picture_input(model, like)
    if found is None or found[0].shape is None:
        return None
    image, picture = found
    draft = InputDraft(image, picture, (f"image is input {image.name}, the only one",))
    draft = _describe_size(draft, model, like)
    known = ABOUTS if sure is True else sure or ()
    own = tuple(_list_family_clues(picture, usual, known))
    clues = (*_list_told_clues(model, image), *model.clues)
    for about in ABOUTS:
        if about == "colour" and picture.colour == "grey":
            continue
        if about != "range" or picture.dtype.startswith("float"):
            likely = own if draft.picture.colour == picture.colour else map(_reverse_channels, own)
            draft = _decide(draft, about, [clue for clue in (*clues, *likely) if clue.about == about])
    described = draft if "resize" in known else _describe_resample(draft, model)
    return described if "resample" in known else _refine_resample(described, model)


def find_picture_input(model: Signature, like: PictureSpec) -> tuple[TensorSpec, PictureSpec] | None:
    """The one picture input of a model and its spec, for a draft; None where there is no such input."""
    image = model.inputs[0] if len(model.inputs) == 1 else None
    if image is None or image.dtype == "string" or not is_picture_input(image):
        return None
    try:
        return image, bind_picture(Card(name="", task=""), image, like)
    except TaskError:
        return None


def _describe_size(draft: InputDraft, model: Signature, like: PictureSpec) -> InputDraft:
    """With what the metadata say of padding, a note where their size is another, and a guess where none is fixed."""
    pad, resample = (model.metadata.get(key, "") for key in ("pad", "resample"))
    changes: dict[str, Any] = {"resample": resample} if resample in RESAMPLES else {}
    if pad.isdecimal() and int(pad) < 256:
        changes["pad"] = (int(pad),) * 3
    picture, shape = attrs.evolve(draft.picture, **changes), draft.image.shape or ()
    draft = attrs.evolve(draft, picture=picture)
    size = size_from_metadata(model.metadata)
    if size and picture.size and size != picture.size:
        wide, high = picture.size
        draft = draft.with_notes(
            f"the metadata say imgsz {model.metadata['imgsz']}, the input is {wide} x {high}: the input counts"
        )
    if picture.layout in ("nhw", "flat"):
        draft = draft.with_guesses(Guess("kind", "its numbers are a grey picture", ("task",)))
    elif picture.size is not None and None in shape[-3:] and size is None and like.size is not None:
        wide, high = picture.size
        draft = draft.with_guesses(Guess("size", f"a picture of {wide} x {high}, of any size that it takes", ("size",)))
    return draft


def _describe_resample(draft: InputDraft, model: Signature) -> InputDraft:
    """With the filter that those use who run such files, a guess, where nothing tells another."""
    clue = next((clue for clue in model.clues if clue.about == "resample" and clue.value != EXACT), None)
    if clue is None or "resample" in model.metadata or draft.picture.encoded:
        return draft
    draft = attrs.evolve(draft, picture=_apply(draft.picture, clue))
    return draft.with_guesses(
        Guess("resample", f"it is resized by the filter {clue.value} ({clue.says})", ("resample",))
    )


def _refine_resample(draft: InputDraft, model: Signature) -> InputDraft:
    """With OpenCV's own pixels, where the graph needs them: who letterboxes or pads pictures does so with OpenCV."""
    clue = next((clue for clue in model.clues if clue.about == "resample" and clue.value == EXACT), None)
    if clue is None or draft.picture.resample != "bilinear" or draft.picture.resize not in ("letterbox", "pad"):
        return draft
    return attrs.evolve(draft, picture=_apply(draft.picture, clue)).with_notes(
        f"resized as OpenCV does, to the bit: {clue.says}"
    )


def _list_told_clues(model: Signature, image: TensorSpec) -> Iterator[Clue]:
    """What the metadata say, and the range of a quantised input."""
    colour, resize = (model.metadata.get(key, "") for key in ("colour", "resize"))
    if found := find_normalization(model.metadata, image.name):
        yield Clue("range", found[0], found[1], TOLD)
    if colour in ("rgb", "bgr"):
        yield Clue("colour", colour, "the metadata say so", TOLD)
    if resize in RESIZED:
        yield Clue("resize", resize, "the metadata say so", TOLD)


def _list_family_clues(picture: PictureSpec, usual: Normalization | None, sure: Collection[str]) -> Iterator[Clue]:
    yield Clue(
        "range",
        usual or guess_normalization(picture),
        "so it is with this family",
        BY_FAMILY if usual and "range" in sure else USUAL if usual else POOR,
    )
    yield Clue("colour", picture.colour, "so it is with this family", BY_FAMILY if "colour" in sure else USUAL)
    yield Clue("resize", picture.resize, "so it is with this family", BY_FAMILY if "resize" in sure else USUAL)


def _reverse_channels(clue: Clue) -> Clue:
    return attrs.evolve(clue, value=clue.value.reversed()) if isinstance(clue.value, Normalization) else clue


def _decide(draft: InputDraft, about: About, clues: list[Clue]) -> InputDraft:
    """The draft with what the surest clue says: a note where it is sure and no sure one differs, else a guess."""
    best = max(clues, key=lambda clue: clue.confidence)
    others = [clue for clue in clues if clue.is_sure and not _is_same(clue, best)]
    draft = attrs.evolve(draft, picture=_apply(draft.picture, best))
    text = _describe(best)
    if best.confidence == TOLD or (best.is_sure and not others):
        return draft.with_notes(f"{text}: {best.says}")
    reason = f" ({best.says})" if best.confidence not in (USUAL, POOR) else ""
    doubts = "".join(f", though {_describe(clue)} by another sign ({clue.says})" for clue in others)
    return draft.with_guesses(Guess(about, f"{text}{reason}{doubts}", SETTLED_BY[about]))


def _is_same(one: Clue, other: Clue) -> bool:
    if isinstance(one.value, Normalization) and isinstance(other.value, Normalization):
        pairs = ((one.value.mean, other.value.mean), (one.value.std, other.value.std))
        return all(np.allclose(ours, theirs, RTOL, ATOL) for ours, theirs in pairs)
    return one.value == other.value


def _apply(picture: PictureSpec, clue: Clue) -> PictureSpec:
    if isinstance(clue.value, Normalization):
        return attrs.evolve(picture, mean=clue.value.mean, std=clue.value.std)
    changes: dict[str, Any] = {clue.about: clue.value}
    return attrs.evolve(picture, **changes)


def _describe(clue: Clue) -> str:
    if isinstance(clue.value, Normalization):
        return f"values {clue.value}"
    return f"the picture {RESIZED[clue.value]}" if clue.about == "resize" else clue.value.upper()
