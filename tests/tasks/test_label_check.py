"""Which labels fit a model of so many classes, and what is background."""

import attrs
import pytest

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.errors import LabelError, TaskError
from runner_core.tasks.label_check import check_classes, drop_wrong_labels, read_background

CARD = Card(name="test", task="a-task", notes=("a note",))
NOTHING = frozenset()


def labelled(*numbers, names="abcdefgh"):
    labels = [LabelMap.from_names([name], first=number).labels[0] for name, number in zip(names, numbers, strict=False)]
    return attrs.evolve(CARD, labels=LabelMap(tuple(labels)))


@pytest.mark.parametrize(
    ("numbers", "classes", "background"),
    [
        ([0, 1, 2], 3, None),
        ([0, 1, 2], 3, NOTHING),
        ([1, 2], 3, None),  # 0 may be background
        ([0, 2], 3, None),  # a gap, as in COCO's ninety
        ([0, 2], 3, NOTHING),
        ([1, 2], 3, {0}),
        ([0, 1], 3, {2}),
        ([0, 1, 2], 3, {0}),  # a background may have a name
        ([], 3, NOTHING),
        ([0], None, None),
    ],
)
def test_labels_that_fit(numbers, classes, background):
    card = labelled(*numbers)
    check_classes(card, classes, background)
    assert drop_wrong_labels(card, classes, background) is card


@pytest.mark.parametrize(
    ("numbers", "classes", "background"),
    [
        ([0, 1], 3, None),
        ([0, 1, 2, 3], 3, None),
        ([0, 1], 3, NOTHING),
        ([1, 2], 3, NOTHING),
        ([0, 1, 2, 3], 3, {0}),
        ([1], 3, {0}),
    ],
)
def test_labels_that_do_not_fit(numbers, classes, background):
    card = labelled(*numbers)
    message = f"the model has the classes 0 to 2, the labels run from {numbers[0]} to {numbers[-1]}"
    with pytest.raises(LabelError, match=message):
        check_classes(card, classes, background)
    draft = drop_wrong_labels(card, classes, background)
    assert draft.labels == LabelMap()
    assert draft.notes == ("a note", f"the labels in the metadata are left out: {message}; give labels")


def test_a_background_that_the_model_has_not_is_refused():
    with pytest.raises(TaskError, match="background is 3, the model has 3 classes"):
        check_classes(CARD, 3, {3})


class TestBackground:
    def test_the_card_says_it(self):
        assert read_background(attrs.evolve(CARD, options={"background": 2}), default=0) == {2}
        assert read_background(attrs.evolve(CARD, options={"background": [0, 2]}), default=0) == {0, 2}
        assert read_background(attrs.evolve(CARD, options={"background": []}), default=0) == NOTHING

    def test_the_labels_say_it(self):
        assert read_background(labelled(0, 1, names=["cat", "Background"]), default=0) == {1}

    def test_the_default_counts_unless_it_has_a_name(self):
        assert read_background(CARD, default=0) == {0}
        assert read_background(labelled(1, 2), default=0) == {0}
        assert read_background(labelled(0, 1), default=0) == NOTHING
        assert read_background(CARD, default=None) == NOTHING

    @pytest.mark.parametrize("answer", [-1, "0", 1.5, True, [0, "x"]])
    def test_another_option_is_refused(self, answer):
        with pytest.raises(TaskError, match="option background"):
            read_background(attrs.evolve(CARD, options={"background": answer}), default=0)
