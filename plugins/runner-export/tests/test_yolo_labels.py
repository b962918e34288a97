"""Label text of each form, number by number."""

import numpy as np
import pytest
from runner_export.yolo_labels import can_write, format_labels, forms_of

from runner_core import Inference
from runner_core.results.mask import Mask

SIZE = (200, 100)


def inference(**columns):
    rows = max((len(column) for column in columns.values()), default=0)
    ids = np.arange(rows)
    return Inference(brain="b", task="t", size=SIZE, **{"model_ids": ids, **columns})


def mask(x1, y1, x2, y2):
    array = np.zeros(SIZE[::-1], bool)
    array[y1:y2, x1:x2] = True
    return Mask(array=array)


def table(text):
    return [[float(number) for number in line.split()] for line in text.splitlines()]


BOX = np.array([[20, 10, 60, 50]], np.float32)
POINTS = np.array([[[40, 20, 0.9], [50, 30, 0.1], [-1, 20, 0.9], [60, 101, 0.9], [np.nan, 5, 0.9]]], np.float32)


@pytest.mark.parametrize(
    ("columns", "forms"),
    [
        ({"boxes": BOX}, ("boxes",)),
        ({"boxes": BOX, "masks": (mask(0, 0, 9, 9),)}, ("segments", "boxes")),
        ({"boxes": BOX, "keypoints": POINTS}, ("pose", "boxes")),
        ({"masks": (), "keypoints": np.empty((0, 5, 3))}, ("segments", "pose", "boxes")),
        ({"scores": np.ones(1)}, ()),
    ],
)
def test_the_form_that_holds_most_comes_first(columns, forms):
    assert forms_of(inference(**columns)) == forms


def test_it_is_written_in_a_form_that_it_has():
    assert can_write("boxes", inference(boxes=BOX))
    assert can_write("", inference(boxes=BOX[:0]))
    assert not can_write("pose", inference(boxes=BOX))
    assert not can_write("", inference(scores=np.ones(1)))
    assert not can_write("", inference())


def test_a_pose_is_its_box_and_its_keypoints_with_what_can_be_seen_of_them():
    text = format_labels(inference(boxes=BOX, keypoints=POINTS), "pose")
    assert text == "0 0.200000 0.300000 0.200000 0.400000 0.2 0.2 2 0 0 0 0 0 0 0 0 0 0 0 0\n"


def test_a_pose_without_a_box_has_that_around_what_can_be_seen():
    points = np.array([[[20, 10, 0.9], [60, 50, 0.5], [190, 90, 0.1]], [[1, 1, 0.1]] * 3], np.float32)
    (row,) = table(format_labels(inference(keypoints=points), "pose"))
    assert row[:5] == [0, 0.2, 0.3, 0.2, 0.4]


def test_a_segment_is_a_polygon_within_the_picture():
    masks = (mask(20, 10, 60, 50), mask(0, 0, *SIZE), mask(5, 5, 5, 5))
    whole, full = table(format_labels(inference(masks=masks, boxes=np.repeat(BOX, 3, axis=0)), "segments"))
    corners = np.array(whole[1:]).reshape(-1, 2) * SIZE
    assert whole[0] == 0
    assert corners.min(axis=0) == pytest.approx([20, 10])
    assert corners.max(axis=0) == pytest.approx([60, 50])
    assert full[0] == 1
    assert (min(full[1:]), max(full[1:])) == (0, 1)


def test_masks_without_boxes_have_boxes_around_them():
    (row,) = table(format_labels(inference(masks=(mask(20, 10, 60, 50), mask(5, 5, 5, 5))), "boxes"))
    assert row == [0, 0.2, 0.3, 0.2, 0.4]


@pytest.mark.parametrize("form", ["boxes", "segments", "pose"])
def test_nothing_found_is_an_empty_text(form):
    assert format_labels(inference(boxes=BOX[:0]), form) == ""


@pytest.mark.parametrize("form", ["boxes", "pose"])
def test_a_box_outside_the_picture_goes_with_its_keypoints(form):
    boxes = np.array([[210, 5, 250, 50], [-5, -5, 50, 300], [np.nan, 0, 9, 9]], np.float32)
    points = np.array([[[1, 1, 0]], [[40, 20, 0.9]], [[1, 1, 0]]], np.float32)
    (row,) = table(format_labels(inference(boxes=boxes, keypoints=points), form))
    assert row == [1, 0.125, 0.5, 0.25, 1, 0.2, 0.2, 2][: len(row)]


def test_a_turned_box_is_its_corners_within_the_picture():
    turned = inference(boxes=[[40, 40, 80, 60], [190, 0, 230, 20]], angles=[np.pi / 2, 0.0])
    assert forms_of(turned) == ("obb", "boxes")
    first, second = table(format_labels(turned, "obb"))
    assert first == pytest.approx([0, 0.35, 0.3, 0.35, 0.7, 0.25, 0.7, 0.25, 0.3])
    assert second == pytest.approx([1, 0.95, 0, 1, 0, 1, 0.2, 0.95, 0.2])
    assert table(format_labels(turned, "boxes"))[0] == pytest.approx([0, 0.3, 0.5, 0.1, 0.4])
