"""Answers about the whole picture: accuracy, top-5, confusion."""

import numpy as np
import pytest
from labelled import SIZE, Prepared, make_data

from runner_core.cards.labels import LabelMap
from runner_core.datasets import Truth
from runner_core.results.inference import Inference

NAMES = ("cat", "dog", "cow", "hen", "pig", "fox", "owl")
KIND = "classification"
COUNT = 50


def make(ids, scores=None, brain="", names=NAMES):
    return Inference(brain=brain, task=KIND, size=SIZE, labels=LabelMap.from_names(names), model_ids=ids, scores=scores)


def truth_of(place):
    return Truth(make([place % len(NAMES)]))


def ranked(place):
    order = np.random.default_rng(place).permutation(len(NAMES))
    if place % 3:
        order = np.concatenate([[place % len(NAMES)], order[order != place % len(NAMES)]])
    return order


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path, COUNT, truth_of, names=NAMES, kind=KIND)


def brain_of(answers, names=NAMES):
    return Prepared(
        "demo", {f"{place:03}.jpg": each for place, each in enumerate(answers)}, conf=0.0, names=names, task=KIND
    )


def test_accuracy_and_the_confusion_are_counted(data):
    scores = np.linspace(0.9, 0.01, len(NAMES))
    found = brain_of([make(ranked(place), scores, "demo") for place in range(COUNT)]).evaluate(data)
    first = [ranked(place)[0] for place in range(COUNT)]
    real = [place % len(NAMES) for place in range(COUNT)]
    assert found.figures["accuracy"] == np.mean(np.equal(first, real))
    five = [place % len(NAMES) in ranked(place)[:5] for place in range(COUNT)]
    assert found.figures["top-5 accuracy"] == np.mean(five)
    measured = found.scores[0].parts[0]
    plain = np.zeros((len(NAMES), len(NAMES)), int)
    np.add.at(plain, (real, first), 1)
    assert measured.confusion.counts[:-1, :-1].tolist() == plain.tolist()
    cat = measured.classes[0].figures
    assert cat["recall"] == plain[0, 0] / plain[0].sum()
    assert cat["precision"] == plain[0, 0] / plain[:, 0].sum()
    low, high = measured.intervals["accuracy"]
    assert low < found.figures["accuracy"] < high
    assert "taken for" in measured.worst[0].errors


def test_a_class_that_the_data_set_does_not_have_keeps_its_rank(data):
    names = ("wolf", *NAMES)
    answers = [make([0, place % len(NAMES) + 1], [0.6, 0.4], "demo", names) for place in range(COUNT)]
    found = brain_of(answers, names).evaluate(data, resamples=0)
    assert found.figures["accuracy"] == 0
    assert found.figures["top-5 accuracy"] == 1
    assert found.scores[0].unknown["wolf"] == COUNT


def test_of_several_right_classes_any_will_do_and_none_leaves_the_picture_out(tmp_path):
    truths = [Truth(make([0, 1])), Truth(make([])), Truth(make([2]))]
    data = make_data(tmp_path, 3, truths.__getitem__, names=NAMES, kind=KIND)
    found = brain_of([make([1], [0.9], "demo")] * 3).evaluate(data, resamples=0)
    assert found.left_out == ("001.jpg: no class is given",)
    assert found.figures["accuracy"] == 0.5


def test_a_brain_that_answers_nothing_is_wrong(data):
    found = brain_of([make([], [], "demo")] * COUNT).evaluate(data, resamples=0)
    assert found.figures["accuracy"] == 0
    assert found.scores[0].parts[0].confusion.counts[:, -1].sum() == COUNT
