"""Class maps: IoU, Dice and accuracy are those of a plain computation over all pixels."""

import attrs
import numpy as np
import pytest
from labelled import SIZE, Prepared, make_data
from runner_eval.evaluator import CocoEvaluator

from runner_core.cards.labels import LabelMap
from runner_core.datasets import Truth
from runner_core.results.inference import Inference

NAMES = ("background", "road", "tree", "cloud")
KIND = "semantic-segmentation"


def make_map(seed, classes=3):
    """Blocks of 20 x 20 pixels; ``cloud`` is nowhere, a strip on the left has no label."""
    blocks = np.random.default_rng(seed).integers(0, classes, (SIZE[1] // 20, SIZE[0] // 20))
    return np.kron(blocks, np.ones((20, 20), int))


def truth_of(place):
    pixels = make_map(place)
    pixels[:, :10] = -1
    return Truth(answer_of(pixels, brain=""))


def answer_of(pixels, brain="demo", names=NAMES):
    return Inference(
        brain=brain, task=KIND, size=SIZE, labels=LabelMap.from_names(names), model_ids=[], class_map=pixels
    )


def guess(place):
    pixels = make_map(place)
    other = make_map(place + 1000)
    wrong = np.random.default_rng(place).random((SIZE[1] // 20, SIZE[0] // 20)) < 0.3
    return np.where(np.kron(wrong, np.ones((20, 20), int)) == 1, other, pixels)


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path, 12, truth_of, names=NAMES, kind=KIND)


def brain_of(answers, names=NAMES):
    return Prepared("demo", {f"{place:03}.jpg": each for place, each in enumerate(answers)}, names=names, task=KIND)


def test_the_figures_are_those_of_a_plain_computation(data):
    found = brain_of([answer_of(guess(place)) for place in range(12)]).evaluate(data)
    real = np.concatenate([truth_of(place).answer.class_map.ravel() for place in range(12)])
    answered = np.concatenate([guess(place).ravel() for place in range(12)])
    real, answered = real[real >= 0], answered[real >= 0]
    ious, dices, shares = [], [], []
    for number in range(3):
        both = np.sum((real == number) & (answered == number))
        either = np.sum((real == number) | (answered == number))
        ious.append(both / either)
        dices.append(2 * both / (np.sum(real == number) + np.sum(answered == number)))
        shares.append(both / np.sum(real == number))
    assert found.figures == pytest.approx({
        "mIoU": np.mean(ious), "mean Dice": np.mean(dices), "pixel accuracy": np.mean(real == answered),
        "mean accuracy": np.mean(shares),
    }, abs=1e-12)  # fmt: skip
    scores = found.scores[0].parts[0]
    assert [each.figures["IoU"] for each in scores.classes] == pytest.approx([*ious, None])
    low, high = scores.intervals["mIoU"]
    assert low < found.figures["mIoU"] < high
    assert scores.confusion.counts.sum() == len(real)
    assert len(scores.worst) == 12


def test_a_class_that_is_found_where_it_never_is_counts(data):
    pixels = [make_map(place) for place in range(12)]
    pixels[0] = np.full_like(pixels[0], 3)
    found = brain_of(map(answer_of, pixels)).evaluate(data, resamples=0)
    assert found.scores[0].parts[0].classes[3].figures["IoU"] == 0


def test_classes_of_another_order_and_name_are_found_by_name(data):
    names = ("tree", "sky", "BG", "Road")
    table = np.array([2, 3, 0, 1])  # of ours: its number there
    moved = [answer_of(table[make_map(place)], names=names) for place in range(12)]
    found = brain_of(moved, names).evaluate(data, resamples=0)
    assert found.figures["mIoU"] == 1
    assert found.scores[0].missing == ("cloud",)


def test_pixels_of_a_class_that_the_data_set_does_not_have_are_wrong(data):
    names = (*NAMES, "sky")
    pixels = [np.where(make_map(place) == 1, 4, make_map(place)) for place in range(12)]
    found = brain_of([answer_of(each, names=names) for each in pixels], names).evaluate(data, resamples=0)
    scores = found.scores[0].parts[0]
    assert scores.confusion.names[-1] == "(other)"
    assert scores.confusion.counts[1, -1] == scores.classes[1].count
    assert [each.figures["IoU"] for each in scores.classes[:3]] == [1, 0, 1]


def test_a_brain_that_labels_no_pixels_is_said(data):
    answers = [attrs.evolve(answer_of(make_map(place)), class_map=None) for place in range(12)]
    with pytest.raises(Exception, match="demo does not label pixels"):
        CocoEvaluator().evaluate([brain_of(answers)], data)
