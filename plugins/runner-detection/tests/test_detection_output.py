"""DetectionOutput: rows of image, class, score and box."""

import attrs
import numpy as np
import pytest
from runner_detection.detection_output import DetectionOutput

from runner_core.cards.clue import Clue
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.normalization import RAW, SIGNED

IMAGE = TensorSpec("data", (1, 3, 384, 672), "float32")
MODEL = Signature((IMAGE,), (TensorSpec("detection_out", (1, 1, 5, 7), "float32"),))
ROWS = [
    [0, 1, 0.6, 0.1, 0.2, 0.5, 0.5],
    [0, 2, 0.9, 0.25, 0.25, 0.75, 1.1],
    [0, 1, 0.3, 0.1, 0.2, 0.5, 0.5],
    [-1, 0, 0.0, 0, 0, 0, 0],
    [0, 1, 0.95, 0.1, 0.2, 0.5, 0.5],
]


def bound(model=MODEL, **changes):
    return DetectionOutput().bind(attrs.evolve(DetectionOutput().recognise(model), name="test", **changes), model)


def test_rows_are_read_until_a_negative_image(frame):
    answer = bound().decode({"detections": np.array([[ROWS]], np.float32)}, frame)
    assert answer.model_ids.tolist() == [2, 1]
    np.testing.assert_allclose(answer.scores, [0.9, 0.6])
    np.testing.assert_allclose(answer.boxes, [[160, 120, 480, 480], [64, 96, 320, 240]], rtol=1e-6)


def test_a_list_may_be_full_or_empty(frame):
    full = bound(threshold=0).decode({"detections": np.array([[ROWS[:3]]], np.float32)}, frame)
    assert len(full) == 3
    assert len(bound().decode({"detections": np.zeros((1, 1, 0, 7), np.float32)}, frame)) == 0


def test_colours_and_values_are_a_guess_until_the_file_says_more():
    card = DetectionOutput().recognise(MODEL)
    assert (card.picture.colour, card.picture.resize, card.picture.size) == ("bgr", "stretch", (672, 384))
    assert {guess.about for guess in card.guesses} == {"colour", "range", "first_class"}
    told = Clue("colour", "bgr", "its name", 0.92), Clue("range", RAW, "the converter", 0.95)
    known = DetectionOutput().recognise(attrs.evolve(MODEL, clues=told))
    assert [guess.about for guess in known.guesses] == ["first_class"]
    signed = DetectionOutput().recognise(attrs.evolve(MODEL, clues=(Clue("range", SIGNED, "the graph", 0.95),)))
    assert signed.picture.mean == SIGNED.mean


@pytest.mark.parametrize("shape", [(1, 1, 200, 6), (1, 2, 200, 7), (1, 200, 7), (200, 7)])
def test_other_shapes_are_refused(shape):
    other = attrs.evolve(MODEL, outputs=(TensorSpec("detection_out", shape, "float32"),))
    assert DetectionOutput().recognise(other) is None
    card = attrs.evolve(DetectionOutput().recognise(MODEL), name="test")
    with pytest.raises(TaskError, match="detection-output reads"):
        DetectionOutput().bind(card, other)
