"""The table that YOLO exports: how it lies. What is read from it: test_yolo_seg.py and test_yolo_pose.py."""

import attrs
import numpy as np
import pytest

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.preprocess import PictureSpec, place_picture
from runner_core.tasks.yolo import Head, head_of, heads_of, read_rows

CARD = Card(name="test", task="a-task", threshold=0.3)
SQUARE = PictureSpec(size=(640, 640))


@pytest.mark.parametrize(
    ("shape", "size", "head"),
    [
        ((1, 116, 8400), (640, 640), Head("v8", 80, 32, True)),
        ((1, 8400, 116), (640, 640), Head("v8", 80, 32, False)),
        ((1, 25200, 117), (640, 640), Head("v5", 80, 32, False)),
        ((1, 300, 38), (640, 640), Head("end2end", None, 32, False)),
        ((1, 116, None), None, Head("v8", 80, 32, True)),
    ],
)
def test_the_usual_shapes(shape, size, head):
    assert heads_of(shape, size, extras=32)[0] == head


@pytest.mark.parametrize("shape", [None, (1, 116), (2, 116, 8400), (1, 36, 8400), (1, 116, 4000)])
def test_others_are_none(shape):
    assert heads_of(shape, (640, 640), extras=32) == []


def test_as_many_classes_as_labels_go_before():
    rows = TensorSpec("rows", (1, None, 40), "float32")
    for form, classes in (("v8", 4), ("v5", 3)):
        card = attrs.evolve(CARD, labels=LabelMap.from_names("abcd"[:classes]))
        head = head_of(card, rows, SQUARE, extras=32)
        assert (head.form, head.classes) == (form, classes)


def test_the_card_may_say_the_form():
    rows = TensorSpec("rows", (1, 4000, 117), "float32")
    assert head_of(CARD, rows, SQUARE, extras=32) is None
    assert head_of(attrs.evolve(CARD, options={"form": "v5"}), rows, SQUARE, extras=32).classes == 80
    with pytest.raises(TaskError, match="option form is 'v9'"):
        head_of(attrs.evolve(CARD, options={"form": "v9"}), rows, SQUARE, extras=32)


@pytest.mark.parametrize(("boxes", "unit"), [(None, 1.0), ("absolute", 1.0), ("normalised", 640.0)])
def test_rows_above_the_threshold_in_pixels_of_the_tensor(boxes, unit):
    table = np.zeros((8, 5), np.float32)  # x, y, w, h, two classes, two extras
    table[:, 3] = [50, 40, 20, 20, 0.1, 0.8, 7, 9]
    table[:, 4] = [50, 40, 20, 20, 0.1, 0.2, 7, 9]
    told = read_rows(CARD, table, Head("v8", 2, 2, True), place_picture((64, 64), SQUARE), boxes=boxes)
    assert told.boxes.tolist() == [[40 * unit, 30 * unit, 60 * unit, 50 * unit]]
    assert (told.classes.tolist(), told.extras.tolist(), told.unit) == ([1], [[7, 9]], (unit, unit))
    np.testing.assert_allclose(told.scores, [0.8])


def test_a_table_that_lies_otherwise_is_refused():
    with pytest.raises(TaskError, match=r"brain test: rows came as \[7 x 5\]"):
        read_rows(CARD, np.zeros((7, 5)), Head("v8", 2, 2, True), place_picture((64, 64), SQUARE), boxes=None)
