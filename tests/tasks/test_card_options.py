"""A card's options, checked when the brain is opened."""

import pytest

from runner_core.cards.card import Card
from runner_core.errors import TaskError
from runner_core.tasks.card_options import read_choice, read_flag, read_index


def card(**options):
    return Card(name="test", task="a-task", options=options)


def test_options_that_are_absent_have_defaults():
    assert read_choice(card(), "order", "xy", "yx") is None
    assert read_flag(card(), "nms", True) is True
    assert read_index(card(), "background", 3) is None


def test_options_that_make_sense():
    assert read_choice(card(order="yx"), "order", "xy", "yx") == "yx"
    assert read_flag(card(nms=False), "nms", True) is False
    assert read_index(card(background=2), "background", 3) == 2
    assert read_index(card(background=7), "background", None) == 7


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: read_choice(card(order="zz"), "order", "xy", "yx"), "option order is 'zz'"),
        (lambda: read_flag(card(nms="yes"), "nms", True), "option nms is 'yes'"),
        (lambda: read_flag(card(nms=1), "nms", True), "option nms is 1"),
        (lambda: read_index(card(background=3), "background", 3), "option background is 3"),
        (lambda: read_index(card(background=-1), "background", None), "option background is -1"),
        (lambda: read_index(card(background=True), "background", 3), "option background is True"),
    ],
)
def test_options_that_make_none_are_refused(read, message):
    with pytest.raises(TaskError, match=f"brain test: the {message}"):
        read()
