"""Decoded boxes with class scores."""

import attrs
import numpy as np
import pytest
from runner_detection.boxes_scores import BoxesScores

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError

IMAGE = TensorSpec("input", (1, 3, 240, 320), "float32")
FACES = Signature((IMAGE,), (TensorSpec("scores", (1, 4, 2), "float32"), TensorSpec("boxes", (1, 4, 4), "float32")))
FINAL = Signature(
    (IMAGE,),
    (
        TensorSpec("boxes", (None, 4), "float32"),
        TensorSpec("labels", (None,), "int64"),
        TensorSpec("scores", (None,), "float32"),
    ),
)
CORNERS = np.array([[0.1, 0.2, 0.5, 0.6], [0.1, 0.2, 0.5, 0.6], [0.6, 0.6, 0.9, 0.9], [0, 0, 1, 1]], np.float32)
PIXELS = [[64, 96, 320, 288], [384, 288, 576, 432]]
SCORES = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.9, 0.1]], np.float32)


def bound(model, **changes):
    options = changes.pop("options", {})
    card = BoxesScores().recognise(model)
    return BoxesScores().bind(attrs.evolve(card, name="test", options={**card.options, **options}, **changes), model)


def test_a_face_detectors_overlapping_boxes_are_suppressed(frame):
    answer = bound(FACES).decode({"boxes": CORNERS[None], "scores": SCORES[None]}, frame)
    np.testing.assert_allclose(answer.boxes, PIXELS, atol=1e-3)
    assert answer.model_ids.tolist() == [1, 1]
    np.testing.assert_allclose(answer.scores, [0.9, 0.7])


def test_pixels_of_the_input_are_carried_to_the_picture(frame):
    pixels = CORNERS * np.array([320, 240, 320, 240], np.float32)
    answer = bound(FACES).decode({"boxes": pixels[None], "scores": SCORES[None]}, frame)
    np.testing.assert_allclose(answer.boxes, PIXELS, atol=1e-3)


@pytest.mark.parametrize(
    ("order", "row"),
    [
        ("xyxy", [0.1, 0.2, 0.5, 0.6]),
        ("yxyx", [0.2, 0.1, 0.6, 0.5]),
        ("xywh", [0.1, 0.2, 0.4, 0.4]),
        ("cxcywh", [0.3, 0.4, 0.4, 0.4]),
    ],
)
def test_boxes_come_in_the_order_that_the_card_says(order, row, frame):
    boxes = np.tile(np.array(row, np.float32), (1, 4, 1))
    answer = bound(FACES, options={"order": order}).decode({"boxes": boxes, "scores": SCORES[None]}, frame)
    np.testing.assert_allclose(answer.boxes, [PIXELS[0]], atol=1e-3)


def test_classes_count_from_the_first_that_the_card_says(frame):
    answer = bound(FACES, options={"first": 1}).decode({"boxes": CORNERS[None], "scores": SCORES[None]}, frame)
    assert answer.model_ids.tolist() == [2, 2]


def test_a_box_may_be_of_several_classes(frame):
    scores = np.array([[0.6, 0.9], [0.7, 0.8], [0.3, 0.7], [0, 0]], np.float32)[None]
    options = {"several": True, "background": None, "first": 1}
    answer = bound(FACES, options=options).decode({"boxes": CORNERS[None], "scores": scores}, frame)
    assert answer.model_ids.tolist() == [2, 1, 2]
    np.testing.assert_allclose(answer.scores, [0.9, 0.7, 0.7])
    np.testing.assert_allclose(answer.boxes, [PIXELS[0], PIXELS[0], PIXELS[1]], atol=1e-3)
    alone = bound(FACES, options=options | {"background": 1}).decode({"boxes": CORNERS[None], "scores": scores}, frame)
    assert alone.model_ids.tolist() == [1]


def test_final_boxes_with_classes_are_left_as_they_are(frame):
    outputs = {"boxes": CORNERS, "scores": np.array([0.6, 0.9, 0.3, 0.7]), "classes": np.array([5, 5, 1, 2])}
    answer = bound(FINAL).decode(outputs, frame)
    assert answer.model_ids.tolist() == [5, 2, 5]
    np.testing.assert_allclose(answer.scores, [0.9, 0.7, 0.6])
    assert bound(FINAL, options={"nms": True}).decode(outputs, frame).model_ids.tolist() == [5, 2]


def test_no_boxes_at_all_are_an_answer_too(frame):
    outputs = {"boxes": np.zeros((0, 4)), "scores": np.zeros(0), "classes": np.zeros(0, np.int64)}
    assert len(bound(FINAL).decode(outputs, frame)) == 0


def test_outputs_of_different_lengths_are_refused_in_a_sentence(frame):
    with pytest.raises(TaskError, match="boxes 4, scores 3, classes 4"):
        bound(FINAL).decode({"boxes": CORNERS, "scores": np.zeros(3), "classes": np.zeros(4, np.int64)}, frame)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"order": "xxyy"}, "option order"), ({"nms": "yes"}, "option nms is 'yes'"), ({"background": 2}, "background")],
)
def test_binding_refuses_options_that_make_no_sense(options, message):
    with pytest.raises(TaskError, match=message):
        bound(FACES, options=options)
