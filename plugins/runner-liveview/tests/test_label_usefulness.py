"""Which picture is labelled next: the one on which brains are unsure, or do not agree."""

import numpy as np
import pytest
from runner_liveview.labelling.usefulness import order_by_usefulness, rate_disagreement, rate_uncertainty

from runner_core.cards.labels import LabelMap
from runner_core.results.inference import Inference

LABELS = LabelMap.from_names(["cup", "plate"])


def answer(*rows):
    """(score, class, x) each; boxes of 10 x 10."""
    boxes = np.array([[x, 0, x + 10, 10] for _, _, x in rows], np.float32).reshape(-1, 4)
    return Inference(
        brain="test", task="object-detection", size=(100, 100), labels=LABELS, boxes=boxes,
        scores=[row[0] for row in rows], model_ids=[row[1] for row in rows],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "rate"), [([], 0), ([(1.0, 0, 0)], 0), ([(0.5, 0, 0)], 1), ([(0.9, 0, 0), (0.4, 0, 50)], 0.8)]
)
def test_a_score_near_a_half_is_uncertain(rows, rate):
    assert rate_uncertainty([answer(*rows)]) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("one", "other", "rate"),
    [
        ([], [], 0),
        ([(1.0, 0, 0)], [], 1),
        ([(1.0, 0, 0)], [(0.9, 0, 2)], 0),
        ([(1.0, 0, 0)], [(0.9, 0, 8)], 1),
        ([(1.0, 0, 0)], [(0.9, 1, 0)], 1),
        ([(1.0, 0, 0), (1.0, 0, 50)], [(0.9, 0, 0)], 1 / 3),
        ([(1.0, 0, 0), (1.0, 0, 1)], [(0.9, 0, 0)], 1 / 3),
    ],
    ids=["nothing", "one alone", "near", "elsewhere", "another class", "half", "one for two"],
)
def test_what_one_has_and_the_other_has_not_is_disagreement(one, other, rate):
    assert rate_disagreement([answer(*one), answer(*other)]) == pytest.approx(rate)


def test_one_brain_disagrees_with_nobody():
    assert rate_disagreement([answer((1.0, 0, 0))]) == 0


def test_the_most_useful_comes_first_and_equals_stay_in_order():
    sure, unsure = answer((1.0, 0, 0)), answer((0.5, 0, 0))
    answers = {"c": [sure], "a": [sure], "d": [sure, answer()], "b": [unsure, answer()]}
    assert order_by_usefulness(answers) == ["b", "d", "c", "a"]
