"""Which pictures to label next: those on which brains are unsure, or do not agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from runner_core.results import Inference, box_ious, boxes_of

SAME = 0.5  # IoU from which two boxes are taken for the same thing


def order_by_usefulness(answers: Mapping[str, Sequence[Inference]]) -> list[str]:
    """The names of pictures, most useful first; of equal ones the order stays. ``answers``: those of each brain."""
    usefulness = {name: rate_uncertainty(each) + rate_disagreement(each) for name, each in answers.items()}
    return sorted(answers, key=lambda name: -usefulness[name])


def rate_uncertainty(answers: Sequence[Inference]) -> float:
    """0 to 1: how near to a half the score is that is nearest to it, of all rows of all brains; 0 without rows."""
    scores = [answer.scores for answer in answers if answer.scores is not None and len(answer)]
    return float(1 - np.abs(2 * np.concatenate(scores) - 1).min()) if scores else 0.0


def rate_disagreement(answers: Sequence[Inference]) -> float:
    """0 to 1: the share of rows, over all pairs of brains, that one has and the other has not, by class and place."""
    pairs = list(combinations(answers, 2))
    return sum(1 - _rate_agreement(*pair) for pair in pairs) / len(pairs) if pairs else 0.0


def _rate_agreement(one: Inference, other: Inference) -> float:
    """The Dice coefficient of two answers, each row of which is paired with at most one of the other's."""
    rows = len(one) + len(other)
    if not rows:
        return 1.0
    ious = box_ious(boxes_of(one), boxes_of(other))
    ious[np.array(one.names)[:, None] != np.array(other.names)[None, :]] = 0
    paired = 0
    while ious.size and ious.max() >= SAME:
        row, column = np.unravel_index(ious.argmax(), ious.shape)
        ious[row, :], ious[:, column] = 0, 0
        paired += 1
    return 2 * paired / rows
