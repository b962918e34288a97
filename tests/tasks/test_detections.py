"""From rows of numbers to an Inference."""

import numpy as np
import pytest

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.errors import LabelError
from runner_core.results.mask import Mask
from runner_core.tasks.activation import ACTIVATIONS, are_probabilities, sigmoid, softmax
from runner_core.tasks.detections import build_inference, build_suppressed_inference, select_best_rows

CARD = Card(name="test", task="a-task", version="3", labels=LabelMap.from_names(["cat", "dog"]), iou=0.5)
SIZE = (100, 80)
BOXES = np.array([[10, 10, 50, 50], [-20, 60, 40, 200], [10, 12, 50, 50], [120, 0, 130, 9]], np.float32)
SCORES, CLASSES = np.array([0.9, 0.8, 0.7, 0.6]), np.array([1.0, 0.0, 1.0, 0.0])


def test_the_best_rows_come_first_and_equal_ones_in_their_order():
    assert select_best_rows(np.array([0.5, 0.9, 0.5, 0.2, np.nan]), 0.5).tolist() == [1, 0, 2]


def test_boxes_are_cut_and_those_outside_dropped_with_all_that_belongs_to_them():
    masks = tuple(Mask(array=np.full((80, 100), value)) for value in (True, False, True, False))
    points = np.arange(4 * 2 * 3, dtype=np.float32).reshape(4, 2, 3)
    result = build_inference(CARD, "keypoints", SIZE, BOXES, SCORES, CLASSES, masks=masks, keypoints=points)
    assert result.boxes.tolist() == [[10, 10, 50, 50], [0, 60, 40, 80], [10, 12, 50, 50]]
    assert result.names == ["dog", "cat", "dog"]
    assert result.masks == masks[:3]
    assert np.array_equal(result.keypoints, points[:3])
    assert (result.brain, result.version, result.task, result.size) == ("test", "3", "keypoints", SIZE)
    assert result.scores.dtype == np.float32


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["boxes", "scores", "classes"])
def test_a_row_with_a_number_that_is_none_is_dropped(column, odd):
    rows = {"boxes": BOXES.copy(), "scores": SCORES.copy(), "classes": CLASSES.copy()}
    rows[column].reshape(4, -1)[0, 0] = odd
    assert len(build_inference(CARD, "any", SIZE, **rows)) == 2
    found = build_suppressed_inference(CARD, "any", SIZE, **rows)
    assert 0.7 in found.scores.round(3), "suppressed by a row that is not a box"


def test_of_boxes_that_overlap_the_best_stays():
    result = build_suppressed_inference(CARD, "any", SIZE, BOXES[::-1], SCORES[::-1], CLASSES[::-1])
    np.testing.assert_allclose(result.scores, [0.9, 0.8])


def test_a_class_outside_the_labels_is_refused():
    with pytest.raises(LabelError, match="class 2"):
        build_inference(CARD, "any", SIZE, BOXES, SCORES, CLASSES + 1)


def test_activations_are_the_formulas_without_overflow():
    values = np.array([[-1e4, 0, 1], [3, 2, 1e4]], np.float32)
    np.testing.assert_allclose(sigmoid(values)[0], [0, 0.5, 1 / (1 + np.exp(-1))], atol=1e-6)
    np.testing.assert_allclose(softmax(values), [[0, 1 / (1 + np.e), np.e / (1 + np.e)], [0, 0, 1]], atol=1e-6)
    assert np.isnan(softmax(np.array([np.inf, 1.0]))).any()
    assert ACTIVATIONS["none"](values) is values
    assert all(activate(values).dtype == np.float32 for activate in ACTIVATIONS.values())


@pytest.mark.parametrize(
    ("values", "answer"), [([0, 1, 0.4], True), ([-0.0005, 1.0005], True), ([-0.1, 0.5], False), ([np.nan], False)]
)
def test_probabilities_lie_in_0_to_1(values, answer):
    assert are_probabilities(np.array(values)) is answer
