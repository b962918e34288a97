"""The table that YOLO exports: how it is laid out. What is read from it: test_yolo_seg.py and test_yolo_pose.py."""

import attrs
import numpy as np
import pytest

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import place_picture
from runner_core.tasks.yolo import YoloLayout, find_yolo_layout, is_usual_count, list_yolo_layouts, read_yolo_rows

CARD = Card(name="test", task="a-task", threshold=0.3)
SQUARE = PictureSpec(size=(640, 640))


def layout_of(shape, size, extras=32):
    picture = PictureSpec(size=size)
    return find_yolo_layout(CARD, TensorSpec("rows", shape, "float32"), picture, extras=extras)


@pytest.mark.parametrize(
    ("shape", "size", "layout"),
    [
        ((1, 116, 8400), (640, 640), YoloLayout("v8", 80, 32, True)),
        ((1, 8400, 116), (640, 640), YoloLayout("v8", 80, 32, False)),
        ((1, 116, 1050), (320, 160), YoloLayout("v8", 80, 32, True)),
        ((1, 116, 2326), (330, 330), YoloLayout("v8", 80, 32, True)),
        ((1, 25200, 117), (640, 640), YoloLayout("v5", 80, 32, False)),
        ((1, 300, 38), (640, 640), YoloLayout("end2end", None, 32, False)),
        ((1, 300, 38), (320, 192), YoloLayout("end2end", None, 32, False)),
        ((1, 116, None), None, YoloLayout("v8", 80, 32, True)),
    ],
)
def test_the_usual_shapes(shape, size, layout):
    assert layout_of(shape, size) == layout


@pytest.mark.parametrize("shape", [None, (1, 116), (2, 116, 8400), (1, 36, 8400), (1, 116, 4000), (1, 116, 2000)])
def test_other_shapes_have_no_layout(shape):
    assert layout_of(shape, (640, 640)) is None


@pytest.mark.parametrize(
    ("layout", "order", "scores_from", "features"),
    [
        (YoloLayout("v8", 80, 32, True), "columns", 4, 116),
        (YoloLayout("v5", 80, 32), "rows with objectness", 5, 117),
        (YoloLayout("end2end", None, 32), "end-to-end", 6, 38),
    ],
)
def test_where_the_features_stand(layout, order, scores_from, features):
    assert (str(layout), layout.scores_from, layout.features) == (order, scores_from, features)


def test_a_table_may_have_several_layouts():
    found = list(list_yolo_layouts((1, 10, None)))
    assert found == [
        (YoloLayout("v8", 6, 0, True), None),
        (YoloLayout("v5", 5, 0, True), None),
    ]
    assert list(list_yolo_layouts((1, None, 6)))[-1] == (YoloLayout("end2end", None), None)


@pytest.mark.parametrize(("rows", "extras", "usual"), [(8400, 0, True), (2000, 0, True), (2000, 32, False)])
def test_only_detectors_are_tiny(rows, extras, usual):
    assert is_usual_count(rows, YoloLayout("v8", 80, extras, True), (640, 640)) is usual


def test_a_layout_with_as_many_classes_as_labels_comes_first():
    rows = TensorSpec("rows", (1, None, 40), "float32")
    for form, classes in (("v8", 4), ("v5", 3)):
        card = attrs.evolve(CARD, labels=LabelMap.from_names("abcd"[:classes]))
        layout = find_yolo_layout(card, rows, SQUARE, extras=32)
        assert (layout.form, layout.classes) == (form, classes)


def test_the_card_may_say_the_form():
    rows = TensorSpec("rows", (1, 4000, 117), "float32")
    assert find_yolo_layout(CARD, rows, SQUARE, extras=32) is None
    assert find_yolo_layout(attrs.evolve(CARD, options={"form": "v5"}), rows, SQUARE, extras=32).classes == 80
    with pytest.raises(TaskError, match="option form is 'v9'"):
        find_yolo_layout(attrs.evolve(CARD, options={"form": "v9"}), rows, SQUARE, extras=32)


@pytest.mark.parametrize(("boxes", "unit"), [(None, 1.0), ("absolute", 1.0), ("normalised", 640.0)])
def test_rows_above_the_threshold_in_pixels_of_the_tensor(boxes, unit):
    table = np.zeros((8, 5), np.float32)  # x, y, w, h, two classes, two extras
    table[:, 3] = [50, 40, 20, 20, 0.1, 0.8, 7, 9]
    table[:, 4] = [50, 40, 20, 20, 0.1, 0.2, 7, 9]
    answer = read_yolo_rows(CARD, table, YoloLayout("v8", 2, 2, True), place_picture((64, 64), SQUARE), boxes=boxes)
    assert answer.boxes.tolist() == [[40 * unit, 30 * unit, 60 * unit, 50 * unit]]
    assert (answer.classes.tolist(), answer.extras.tolist(), answer.unit) == ([1], [[7, 9]], (unit, unit))
    np.testing.assert_allclose(answer.scores, [0.8])


def test_a_table_of_another_layout_is_refused():
    with pytest.raises(TaskError, match=r"brain test: rows came as \[7 x 5\]"):
        read_yolo_rows(
            CARD, np.zeros((7, 5)), YoloLayout("v8", 2, 2, True), place_picture((64, 64), SQUARE), boxes=None
        )
