"""Turned boxes: read, carried to the picture, and suppressed by their overlap as they lie."""

import math

import attrs
import numpy as np
import pytest
from runner_detection.turned_overlap import measure_overlaps, suppress_turned
from runner_detection.yolo_obb import YoloObb, regularise

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError

METADATA = {"task": "obb", "names": "{0: 'ship', 1: 'plane'}", "imgsz": "[320, 320]"}


def signature(shape=(1, 7, 2100), metadata=METADATA):
    image, rows = TensorSpec("images", (1, 3, 320, 320), "float32"), TensorSpec("output0", shape, "float32")
    return Signature((image,), (rows,), metadata)


def decoded(rows, frame, model, **changes):
    card = attrs.evolve(YoloObb().recognise(model), name="test", **changes)
    return YoloObb().bind(card, model).decode({"rows": rows}, frame)


def table(*rows):
    """1 x 7 x 2100: centre, size, two scores, angle."""
    found = np.zeros((1, 7, 2100), np.float32)
    found[0, :, : len(rows)] = np.array(rows).T
    return found


# The picture of 640 x 480 is shrunk to a half and has 40 pixels of grey above and below.
ROW = [100, 120, 40, 20, 0.1, 0.9, 0.3]
BOX, ANGLE = [160, 140, 240, 180], 0.3


def test_a_row_is_a_box_and_an_angle(frame):
    answer = decoded(table(ROW), frame, signature())
    np.testing.assert_allclose(answer.boxes, [BOX], rtol=1e-5)
    np.testing.assert_allclose(answer.angles, [ANGLE], rtol=1e-5)
    assert (answer.names, answer.scores.tolist()) == (["plane"], pytest.approx([0.9]))


def test_final_rows_hold_their_score_and_class(frame):
    final = np.zeros((1, 300, 7), np.float32)
    final[0, 0] = [100, 120, 40, 20, 0.8, 1, 0.3]
    final[0, 1] = [101, 120, 40, 20, 0.7, 1, 0.3]
    answer = decoded(final, frame, signature((1, 300, 7)))
    np.testing.assert_allclose(answer.boxes[0], BOX, rtol=1e-5)
    assert answer.scores.tolist() == pytest.approx([0.8, 0.7])


def test_normalised_rows_are_the_same(frame):
    row = [value / 320 for value in ROW[:4]] + ROW[4:]
    np.testing.assert_allclose(decoded(table(row), frame, signature()).boxes, [BOX], rtol=1e-4)


def test_boxes_that_cross_stay_and_boxes_that_lie_alike_go(frame):
    rows = [[100, 120, 80, 8, 0.9, 0, 0.7], [100, 120, 80, 8, 0.8, 0, -0.7], [101, 120, 80, 8, 0.7, 0, 0.71]]
    answer = decoded(table(*rows), frame, signature())
    assert answer.scores.tolist() == pytest.approx([0.9, 0.8])


def test_boxes_in_the_grey_above_are_dropped(frame):
    grey = [100, 10, 40, 20, 0.9, 0, 0.3]
    edge = [100, 36, 8, 40, 0.8, 0, 0.3]  # its middle is above the picture, its lower end in it: it stays whole
    answer = decoded(table(grey, edge), frame, signature())
    np.testing.assert_allclose(answer.boxes, [[192, -48, 208, 32]], rtol=1e-5)


def test_of_two_classes_both_stay(frame):
    other = [*ROW[:4], 0.8, 0.1, 0.3]
    assert len(decoded(table(ROW, other), frame, signature())) == 2


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.2, 1.7, 3.0, -0.4, -2.0])
def test_a_box_is_told_by_an_angle_below_a_right_one(angle):
    boxes, angles = regularise(np.array([[5.0, 6, 4, 2]]), np.array([angle]))
    assert 0 <= angles[0] < math.pi / 2
    exchanged = boxes[0, 2:].tolist() == [2, 4]
    back = angles[0] + (math.pi / 2 if exchanged else 0)
    assert (angle - back) / math.pi == pytest.approx(round((angle - back) / math.pi), abs=1e-6)


def test_overlaps_are_those_of_the_published_formula():
    boxes = np.array([[0, 0, 10, 4], [0, 0, 10, 4], [3, -3, 7, 7], [50, 50, 60, 54], [5, 0, 15, 4]], np.float32)
    angles = np.array([0.2, 0.2, 0.2 + math.pi / 2, 0.2, 0.0], np.float32)
    overlaps = measure_overlaps(boxes, angles)
    np.testing.assert_allclose(overlaps[0, [0, 1, 2]], 1, atol=2e-3)  # the same box, three times
    assert overlaps[0, 3] < 1e-3
    apart = 5**2 / (8 * 100 / 12)  # of two equal distributions: the square of the distance by eight variances
    assert measure_overlaps(boxes[[0, 4]], np.zeros(2))[0, 1] == pytest.approx(
        1 - math.sqrt(1 - math.exp(-apart)), 1e-3
    )


def test_overlaps_do_not_change_where_all_boxes_turn_together():
    middles, turn = np.array([[0.0, 0], [6, 1], [-2, 5], [3, 3]]), 0.6
    spun = middles @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    halves, angles = np.array([[9.0, 2], [8, 3], [10, 2], [4, 4]]) / 2, np.array([0.0, 0.3, 1.1, -0.2])
    before, after = (np.concatenate([each - halves, each + halves], axis=1) for each in (middles, spun))
    np.testing.assert_allclose(measure_overlaps(after, angles + turn), measure_overlaps(before, angles), atol=1e-6)


def test_suppression_keeps_the_best_of_each_class():
    boxes, angles = np.tile([[0, 0, 10, 4]], (4, 1)).astype(np.float32), np.zeros(4, np.float32)
    kept = suppress_turned(boxes, angles, np.array([0.5, 0.9, 0.7, 0.6]), np.array([0, 0, 1, 1]), 0.7)
    assert kept.tolist() == [1, 2]


def test_only_exports_that_say_so_are_of_this_family():
    assert YoloObb().recognise(signature(metadata={**METADATA, "task": "detect"})) is None
    assert YoloObb().recognise(signature((1, 6, 2100))) is not None  # one class, the labels left out
    card = attrs.evolve(YoloObb().recognise(signature()), name="test")
    with pytest.raises(TaskError, match="does not hold turned boxes"):
        YoloObb().bind(card, signature((1, 5, 2100)))
