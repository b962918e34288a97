"""How answers to probe images are held against each other: what is rounding, and what is another answer."""

import numpy as np
import pytest

from runner_core.cards.labels import LabelMap
from runner_core.loading import probe_answers
from runner_core.loading.probe_answers import ProbeAnswers
from runner_core.results.inference import Inference

NAMES = LabelMap.from_names(["cat", "dog", "bird", "fish"])


def classes(**scores):
    numbers = [NAMES.names.index(name) for name in scores]
    return Inference("b", "classification", (8, 8), numbers, labels=NAMES, scores=list(scores.values()))


def vector(*values):
    return Inference("b", "vector", (8, 8), [0], labels=NAMES, vectors=np.array([values], np.float32))


def class_map(number):
    return Inference("b", "semantic-segmentation", (4, 4), [number], labels=NAMES, class_map=np.full((4, 4), number))


def difference(monkeypatch, one, other):
    monkeypatch.setattr(probe_answers, "ask_probes", lambda brain, threshold: (other,))
    return ProbeAnswers("litert", 0.0, (one,)).find_difference(None)


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        (classes(dog=0.96), classes(cat=0.98), "cat at 0.98 where litert has dog at 0.96 in a probe image"),
        (classes(dog=1.0), classes(cat=1.0), "cat at 1.00 where litert has dog at 1.00 in a probe image"),
        (classes(dog=0.9), classes(dog=0.5, cat=0.4), "dog at 0.50 where litert has dog at 0.90 in a probe image"),
        (classes(dog=0.9), classes(), "nothing where litert has dog at 0.90 in a probe image"),
        (vector(1, 0), vector(0, 1), "vectors 141% of their length apart in a probe image"),
        (class_map(1), class_map(2), "0% alike in a probe image"),
    ],
)
def test_another_answer_is_described(monkeypatch, one, other, text):
    assert difference(monkeypatch, one, other) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (classes(dog=0.45, cat=0.40), classes(cat=0.46, dog=0.38)),  # the best two change places
        (classes(dog=0.6, cat=0.15), classes(dog=0.7, bird=0.15)),  # the least of the best few
        (classes(cat=0.9, dog=0.88), classes(cat=0.9, bird=0.87)),  # independent scores, of which some are not shown
        (classes(), classes()),
        (vector(1, 0), vector(0.95, 0.1)),
        (vector(0, 0), vector(0, 0)),
        (class_map(1), class_map(1)),
    ],
)
def test_what_is_less_exact_is_the_same_answer(monkeypatch, one, other):
    assert difference(monkeypatch, one, other) == ""
