"""Numbers in a card's options, checked when the brain is opened."""

import numpy as np
import pytest
from runner_detection.numeric_options import read_matrix, read_numbers

from runner_core.cards import Card
from runner_core.errors import TaskError


def card(**options):
    return Card(name="test", task="a-task", options=options)


def test_numbers_that_are_absent_have_defaults():
    assert read_numbers(card(), "variances", (0.1, 0.2)).tolist() == np.float32([0.1, 0.2]).tolist()


def test_numbers_that_make_sense():
    assert read_numbers(card(variances=[1, 2]), "variances", (0.1, 0.2)).tolist() == [1, 2]
    assert read_matrix(card(anchors=[[1, 2], [3, 4]]), "anchors", 2).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: read_numbers(card(variances=[1]), "variances", (0.1, 0.2)), "option variances is something else"),
        (lambda: read_matrix(card(), "anchors", 2), "option anchors is missing"),
        (lambda: read_matrix(card(anchors=[[1], [2, 3]]), "anchors", 2), "option anchors is something else"),
        (lambda: read_matrix(card(anchors=[[1, float("nan")]]), "anchors", 2), "option anchors is something else"),
    ],
)
def test_numbers_that_make_none_are_refused(read, message):
    with pytest.raises(TaskError, match=f"brain test: the {message}"):
        read()
