"""Which preprocessing makes sense of pictures: the variants of a card, tried on them and chosen by evidence.

What is known is not tried: only the range of the values and the order of the colours, where they are a guess. The draft
stays unless another variant is better in the pictures beyond what chance gives (``measure_lead``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import product, zip_longest

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.clues.ranges import USUAL
from runner_core.contracts import Signature
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.normalization import Normalization
from runner_core.frames.picture_spec import Colour, PictureSpec
from runner_core.loading.evidence import FLOOR, measure_sureness, weigh_answers
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.picture_changes import PictureTrial

TRIED = frozenset({"range", "colour"})  # what guesses may be about
SAME = 2.0  # grey levels: normalisations that differ by less at black and at white are one


@attrs.frozen
class Variant:
    """A card; ``parts`` say in words what varies, in the same order in each variant: ``("BGR", "from 0 to 1")``."""

    parts: tuple[str, ...]
    card: Card

    @property
    def text(self) -> str:
        """All in words."""
        colour, *others = self.parts
        return " ".join((colour, ", ".join(others))).strip()

    def count_changes(self, other: Variant) -> int:
        """In how many things it differs from the other."""
        return sum(ours != theirs for ours, theirs in zip_longest(self.parts, other.parts))


def vary_picture(card: Card, picture: PictureSpec, doubts: Collection[str] = TRIED) -> list[Variant]:
    """Both orders of the colours, and each usual way to write pixels as floats; the card's own is the first.

    ``picture`` is what the card's codec makes of a picture, ``doubts`` what of it is not known: ``range``, ``colour``.
    """
    if picture.encoded:
        return [Variant(("an encoded picture",), card)]
    is_float = picture.dtype.startswith("float")
    own = _find_normalization(picture)
    scales = [own]
    if "range" in doubts and is_float:
        scales += [each for each in USUAL if not _are_same(each, own)]
    orders: list[Colour] = [picture.colour]
    if "colour" in doubts and picture.colour != "grey":
        orders.append("bgr" if picture.colour == "rgb" else "rgb")
    return [
        Variant(
            (colour.upper(), *(scale.text.split(", ") if is_float else ())),
            attrs.evolve(card, picture=_apply(picture, colour, scale)),
        )
        for scale, colour in product(scales, orders)
    ]


def _find_normalization(picture: PictureSpec) -> Normalization:
    """The picture's own, for red, green and blue in this order, by its usual name if it has one."""
    own = Normalization("as drafted", picture.mean, picture.std)
    own = own.reversed() if picture.colour == "bgr" else own
    return next((each for each in USUAL if (each.mean, each.std) == (own.mean, own.std)), own)


def _are_same(one: Normalization, other: Normalization) -> bool:
    ends = np.array([[0.0], [255.0]])
    ours, theirs = ((ends - np.array(each.mean)) / np.array(each.std) for each in (one, other))
    return bool((np.abs(ours - theirs) * np.array(other.std) <= SAME).all())


def _apply(picture: PictureSpec, colour: Colour, scale: Normalization) -> PictureSpec:
    ordered = scale.reversed() if colour == "bgr" else scale
    return attrs.evolve(picture, colour=colour, mean=ordered.mean, std=ordered.std)


def vary_labels(variant: Variant) -> Iterator[Variant]:
    """The labels shifted by one: a list of names leaves open whether the first class is number 0 or 1."""
    numbers = [label.model_id for label in variant.card.labels.labels]
    step = {0: 1, 1: -1}.get(min(numbers, default=-1))
    if step:
        shifted = tuple(attrs.evolve(label, model_id=label.model_id + step) for label in variant.card.labels.labels)
        part = f"with classes from {min(numbers) + step}"
        yield Variant((*variant.parts, part), attrs.evolve(variant.card, labels=LabelMap(shifted)))


ENOUGH = 0.01  # evidence below which there is none: nothing is found, or the same in every picture
LEAVE = 1.25  # the lead at which the draft is left
TIE = 1.0  # the lead below which the variant that changes less is taken
UNSURE = 0.28  # the standard error of one picture's evidence, as its share
SURE = 0.97  # a draft that is as sure of all pictures is kept: they may show the same


@attrs.frozen
class ScoredVariant:
    """What a variant found in some pictures.

    ``found``   how many instances in all; ``best`` the highest score, None where the model gives none.
    ``names``   what they are called, the most frequent first.
    ``evidence``  for each picture, that it is what the model takes: see ``weigh_answers``.
    ``sureness``  see ``measure_sureness``.
    ``error``   why it has no answer.
    """

    variant: Variant
    found: int = 0
    best: float | None = None
    names: tuple[str, ...] = ()
    evidence: tuple[float, ...] = ()
    sureness: float = 0.0
    error: str = ""

    @property
    def mean(self) -> float:
        """The mean evidence; minus infinity where it has no answer."""
        return float(np.mean(self.evidence)) if self.evidence else -np.inf


@attrs.frozen
class SearchResult:
    """All variants, that with the most evidence first, and the one that should be taken; ``draft`` was the card's."""

    rows: tuple[ScoredVariant, ...]
    draft: ScoredVariant
    chosen: ScoredVariant

    @property
    def as_good(self) -> list[ScoredVariant]:
        """Those that may be right as well as the chosen one: those near the best."""
        best = self.rows[0]
        return [
            row
            for row in self.rows
            if row is not self.chosen and row.mean >= ENOUGH and measure_lead(best, row) < LEAVE
        ]

    @property
    def verdict(self) -> str:
        """What the table shows, in a sentence; then a line for each variant that may be right as well."""
        if len(self.rows) == 1:
            return f"taken: {self.chosen.variant.text} (range and colours are no guess here)"
        if self.rows[0].mean < ENOUGH:
            return (
                "nothing here tells the variants apart: try several pictures, of different things that this model "
                "finds, and see its roles and labels"
            )
        kept = "as it was" if self.chosen is self.draft else "better than what was drafted"
        taken = f"taken: {self.chosen.variant.text} ({kept})"
        numbers = {id(row): number for number, row in enumerate(self.rows, 1)}
        others = [f"  --variant {numbers[id(row)]}: {row.variant.text}" for row in self.as_good]
        if not others:
            return taken
        return "\n".join((taken, "as likely; compare what they find, or try more pictures:", *others))


def search_preprocessing(
    brain: LocalBrain, signature: Signature, frames: Sequence[Frame], doubts: Collection[str] = TRIED
) -> SearchResult:
    """Runs each variant of the brain's card over the pictures, eight times each.

    ``doubts`` is what of the picture is not known: ``range``, ``colour``. Raises ImageError for one that cannot be
    read.
    """
    assert brain.picture is not None
    trials = [PictureTrial.of(frame) for frame in frames]
    rows = [_score(brain, signature, variant, trials) for variant in vary_picture(brain.card, brain.picture, doubts)]
    draft, chosen = rows[0], choose_variant(rows, rows[0])
    shifted = (_score(brain, signature, variant, trials) for variant in vary_labels(chosen.variant))
    rows += [row for row in shifted if not row.error]
    return SearchResult(tuple(sorted(rows, key=lambda row: -row.mean)), draft, chosen)


def choose_variant(rows: Sequence[ScoredVariant], draft: ScoredVariant) -> ScoredVariant:
    """The draft unless another is clearly better; then of those that are as good the one that changes it least.

    A draft that is sure of every picture and of all its changes is kept as well: they may all show the same.
    """
    best = max(rows, key=lambda row: row.mean)
    if best.mean < ENOUGH or measure_lead(best, draft) < LEAVE or draft.sureness >= SURE:
        return draft
    level = [row for row in rows if row.evidence and measure_lead(best, row) < TIE]
    return min(level, key=lambda row: (row.variant.count_changes(draft.variant), -row.mean))


def measure_lead(one: ScoredVariant, other: ScoredVariant) -> float:
    """By how many standard errors the evidence for ``one`` is greater, over the same pictures; 0 where it is not.

    One picture says little: without others to estimate it from, the error of its evidence is UNSURE of it.
    """
    if not one.evidence or not other.evidence:
        return np.inf if one.evidence else 0.0
    more: NDArray[np.float64] = np.array(one.evidence) - np.array(other.evidence)
    count, mean = len(more), float(more.mean())
    if mean <= 0:
        return 0.0
    spread = float(more.std(ddof=1)) / count**0.5 if count > 1 else 0.0
    return mean / float(np.hypot(spread, UNSURE * max(abs(one.mean), abs(other.mean)) / count))


def _score(brain: LocalBrain, signature: Signature, variant: Variant, trials: Sequence[PictureTrial]) -> ScoredVariant:
    threshold = variant.card.threshold
    keen = attrs.evolve(variant.card, threshold=min(threshold, FLOOR))
    try:
        fed = brain.rebind(keen, signature)
        each = [trial.ask(fed.infer) for trial in trials]
        shown = [answers.found.filter(conf=threshold) for answers in each]
        names = Counter(name for answer in shown for name in answer.names)
    except (LabelError, TaskError) as error:
        return ScoredVariant(variant, error=error.message)
    scores = [score for answer in shown if answer.scores is not None for score in answer.scores.tolist()]
    return ScoredVariant(
        variant,
        found=names.total(),
        best=max(scores, default=None),
        names=tuple(name for name, _ in names.most_common()),
        evidence=tuple(weigh_answers(each).tolist()),
        sureness=measure_sureness(each),
    )
