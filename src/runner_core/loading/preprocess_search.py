"""Which preprocessing makes sense of a picture: the variants of a card, tried on pictures and scored by stability.

Scores alone do not say: a network that is fed nonsense is often sure of it. With the right variant it finds in the
mirrored picture what it finds in the picture, mirrored, and finds none of it in a picture of one colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.normalization import KNOWN, Normalization
from runner_core.frames.picture_spec import PictureSpec
from runner_core.loading.local_brain import LocalBrain
from runner_core.results.boxes import box_ious
from runner_core.results.inference import Inference


@attrs.frozen
class Variant:
    """A card; ``text`` says it in words, ``changes`` in how many things it differs from the first one."""

    text: str
    card: Card
    changes: int = 0


def vary_picture(card: Card, picture: PictureSpec) -> list[Variant]:
    """Both orders of the colours, and each way to write pixels as floats; the card's own is the first.

    ``picture`` is what the card's codec makes of a picture. Encoded pictures leave nothing to try.
    """
    if picture.encoded:
        return [Variant("an encoded picture", card)]
    own = Normalization("as drafted", picture.mean, picture.std)
    known = next((values for values in KNOWN if (values.mean, values.std) == (own.mean, own.std)), own)
    scales = [known, *(values for values in KNOWN if values != known)] if picture.dtype.startswith("float") else [known]
    orders: list[Literal["rgb", "bgr"]] = ["rgb", "bgr"] if picture.colour == "rgb" else ["bgr", "rgb"]
    return [
        Variant(
            f"{colour.upper()} {values.text}" if len(scales) > 1 else colour.upper(),
            attrs.evolve(card, picture=attrs.evolve(picture, colour=colour, mean=values.mean, std=values.std)),
            (values != known) + (colour != picture.colour),
        )
        for values, colour in product(scales, orders)
    ]


def vary_labels(variant: Variant) -> Iterator[Variant]:
    """The labels shifted by one: a list of names leaves open whether the first class is number 0 or 1."""
    numbers = [label.model_id for label in variant.card.labels.labels]
    step = {0: 1, 1: -1}.get(min(numbers, default=-1))
    if step:
        shifted = tuple(attrs.evolve(label, model_id=label.model_id + step) for label in variant.card.labels.labels)
        text = f"{variant.text}, classes from {min(numbers) + step}"
        yield Variant(text, attrs.evolve(variant.card, labels=LabelMap(shifted)), variant.changes + 1)


ENOUGH = 0.1  # stability below which an answer is as good as none
NEAR = 0.8  # of the best stability: a variant this stable may be right as well
CLEAR = 0.5  # of the other order of colours: networks recognise much in wrong colours too
MOST = 100  # instances that are compared


@attrs.frozen
class ScoredVariant:
    """What a variant found in some pictures.

    ``found``   how many instances in all; ``best`` the highest score, None where the model gives none.
    ``names``   what they are called, the most frequent first.
    ``stability``  0 to 1: the share of its answers that the mirrored pictures give too, less what a picture of one
                   colour gives; the mean over the pictures.
    ``error``   why it has no answer.
    """

    variant: Variant
    found: int = 0
    best: float | None = None
    names: tuple[str, ...] = ()
    stability: float = 0.0
    error: str = ""

    @property
    def colour(self) -> str:
        """The order of the colours."""
        return self.variant.card.picture.colour if self.variant.card.picture else ""


@attrs.frozen
class SearchResult:
    """All variants, the most stable first, and the one that should be taken."""

    rows: tuple[ScoredVariant, ...]
    chosen: ScoredVariant

    @property
    def as_good(self) -> list[ScoredVariant]:
        """Those that may be right as well as the chosen one: the best of each order of colours, and those near it."""
        likely = [row for row in self.rows if row.stability >= max(ENOUGH, CLEAR * self.chosen.stability)]
        best = {row.colour: row for row in reversed(likely)}
        return [row for row in likely if row is not self.chosen and _is_near(row, best[row.colour])]

    @property
    def verdict(self) -> str:
        """What the table shows, in a sentence; then a line for each variant that may be right as well."""
        if self.chosen.stability < ENOUGH:
            return "nothing makes sense of it: try a picture of what this model finds, and see its roles and labels"
        kept = "as it was" if not self.chosen.variant.changes else "steadier than what was drafted"
        taken = f"taken: {self.chosen.variant.text} ({kept})"
        numbers = {id(row): number for number, row in enumerate(self.rows, 1)}
        others = [f"  --variant {numbers[id(row)]}: {row.variant.text}" for row in self.as_good]
        if not others:
            return taken
        return "\n".join((taken, "as likely; compare what they find, or try more pictures:", *others))


def search_preprocessing(brain: LocalBrain, signature: Signature, frames: Sequence[Frame]) -> SearchResult:
    """Runs each variant of the brain's card over the pictures. Raises ImageError for one that cannot be read."""
    triples = [_make_triple(frame) for frame in frames]
    assert brain.picture is not None
    rows = [_score(brain, signature, variant, triples) for variant in vary_picture(brain.card, brain.picture)]
    chosen = _choose(rows)
    shifted = (_score(brain, signature, variant, triples) for variant in vary_labels(chosen.variant))
    rows += [row for row in shifted if not row.error]
    return SearchResult(tuple(sorted(rows, key=lambda row: -row.stability)), chosen)


def _choose(rows: Sequence[ScoredVariant]) -> ScoredVariant:
    """The drafted order of colours, unless the other is clearly more stable; of that order's variants that are near the
    best, the one that changes least. The first row is the draft.
    """
    drafted, *_ = rows
    best = {row.colour: row for row in sorted(rows, key=lambda row: row.stability)}
    kept = best.pop(drafted.colour)
    for other in best.values():
        kept = other if kept.stability < CLEAR * other.stability else kept
    if kept.stability < ENOUGH:
        return drafted
    near = [row for row in rows if row.colour == kept.colour and _is_near(row, kept)]
    return min(near, key=lambda row: (row.variant.changes, -row.stability))


def _is_near(row: ScoredVariant, best: ScoredVariant) -> bool:
    return not row.error and row.stability >= max(ENOUGH, NEAR * best.stability)


def _make_triple(frame: Frame) -> tuple[Frame, Frame, Frame]:
    """The picture, mirrored, and all in its mean colour."""
    pixels = frame.pixels
    mean = np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8)
    mirrored, plain = np.ascontiguousarray(pixels[:, ::-1]), np.broadcast_to(mean, pixels.shape).copy()
    return frame, Frame.from_array(mirrored, source=frame.source), Frame.from_array(plain, source=frame.source)


def _score(
    brain: LocalBrain, signature: Signature, variant: Variant, triples: Sequence[tuple[Frame, Frame, Frame]]
) -> ScoredVariant:
    try:
        fed = brain.rebind(variant.card, signature)
        answers = [[fed.infer(frame) for frame in triple] for triple in triples]
        names = Counter(name for answer, *_ in answers for name in answer.names)
    except (LabelError, TaskError) as error:
        return ScoredVariant(variant, error=error.message)
    scores = [score for answer, *_ in answers if answer.scores is not None for score in answer.scores.tolist()]
    stability = [
        measure_overlap(answer, mirror_inference(mirrored)) - measure_overlap(answer, plain)
        for answer, mirrored, plain in answers
    ]
    return ScoredVariant(
        variant,
        found=names.total(),
        best=max(scores, default=None),
        names=tuple(name for name, _ in names.most_common()),
        stability=max(0.0, float(np.mean(stability))),
    )


def mirror_inference(inference: Inference) -> Inference:
    """The answer to a mirrored picture, for the picture: its boxes and class map."""
    class_map, boxes = inference.class_map, inference.boxes
    if class_map is not None:
        class_map = class_map[:, ::-1]
    if boxes is not None:
        left, top, right, bottom = boxes.T
        width = np.float32(inference.size[0])
        boxes = np.stack([width - right, top, width - left, bottom], axis=1)
    return attrs.evolve(inference, masks=None, keypoints=None, class_map=class_map, boxes=boxes)


def measure_overlap(one: Inference, other: Inference) -> float:
    """0 to 1: the share that two answers to one picture have in common, weighted by their scores."""
    if one.class_map is not None and other.class_map is not None:
        return _share_pixels(one.class_map, other.class_map, np.union1d(one.model_ids, other.model_ids))
    one, other = (answer.filter(max_det=MOST) for answer in (one, other))
    same = one.model_ids[:, None] == other.model_ids
    if one.boxes is not None and other.boxes is not None:
        same = same * box_ious(one.boxes, other.boxes)
    common = same * np.minimum(_scores_of(one)[:, None], _scores_of(other))
    if not common.size:
        return 0.0
    total = float(common.max(axis=1).sum())
    return total if one.boxes is None else total / max(len(one), len(other))


def _share_pixels(one: NDArray[np.integer], other: NDArray[np.integer], things: NDArray[np.integer]) -> float:
    """Of the pixels that either class map gives to one of ``things``, the share to which both give the same."""
    shown = np.isin(one, things), np.isin(other, things)
    either = np.count_nonzero(shown[0] | shown[1])
    return np.count_nonzero(shown[0] & shown[1] & (one == other)) / either if either else 0.0


def _scores_of(inference: Inference) -> NDArray[np.floating]:
    return np.ones(len(inference)) if inference.scores is None else inference.scores
