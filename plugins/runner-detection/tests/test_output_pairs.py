"""Outputs that belong together, and the orders of a box's numbers."""

import numpy as np
import pytest
from runner_detection.box_order import TO_CORNERS
from runner_detection.output_pairs import axis_length, check_same_rows, find_tensor_pair, find_tensors

from runner_core.cards import Card
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError


def test_rows_that_are_known_must_be_as_many():
    card = Card(name="test", task="a-task")
    check_same_rows(card, {"boxes": 5, "scores": 5, "classes": None})
    with pytest.raises(TaskError, match="boxes 5, scores 6"):
        check_same_rows(card, {"boxes": 5, "scores": 6})


def test_outputs_are_found_by_the_names_that_a_model_has():
    specs = [TensorSpec(name, (1, 5, 4), "float32") for name in ("x/boxes:0", "boxes", "scores")]
    assert find_tensors(specs, {"where": "boxes", "what": "missing"}) == {"where": specs[1]}
    assert find_tensor_pair(specs, ("missing", "scores"), ("boxes", "scores")) == (specs[1], specs[2])


def test_a_pair_has_boxes_and_as_many_rows_of_scores():
    boxes, flat = TensorSpec("a", (1, 5, 4), "float32"), TensorSpec("b", (1, 5), "float32")
    assert find_tensor_pair([boxes, flat], ("a", "b")) is None  # scores of one number a row


@pytest.mark.parametrize(
    ("order", "box"), [("xyxy", (1, 2, 5, 8)), ("yxyx", (2, 1, 8, 5)), ("cxcywh", (3, 5, 4, 6)), ("xywh", (1, 2, 4, 6))]
)
def test_every_order_becomes_corners(order, box):
    assert TO_CORNERS[order](np.array([box], np.float32)).tolist() == [[1, 2, 5, 8]]


def test_lengths_of_axes():
    spec = TensorSpec("a", (1, 5, 4), "float32")
    assert axis_length(spec, 1) == 5
    assert axis_length(spec, -1) == 4
    assert axis_length(None, 1) is axis_length(TensorSpec("a", None, "float32"), 1) is None
