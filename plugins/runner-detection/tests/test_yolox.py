"""YOLOX: rows of cells, told raw, decoded, as probabilities and as logits; its inputs, by what is known of them."""

import attrs
import numpy as np
import pytest
from runner_detection.cells import count_cells, list_cells
from runner_detection.yolo import Yolo
from runner_detection.yolox import Yolox

from runner_core.cards.clue import Clue
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.normalization import IMAGENET, RAW

# A 640 x 480 picture in an input of 320 x 320: shrunk to a half, 80 pixels of grey below. 40 x 40 + 20 x 20 + 10 x 10.
ROWS = 2100
CELL = 1600 + 3 * 20 + 7  # of 16 pixels: column 7, line 3
RAW_BOX = [0.5, 0.25, np.log(5.0), np.log(2.5)]
TENSOR_BOX = [(7 + 0.5) * 16, (3 + 0.25) * 16, 5 * 16, 2.5 * 16]  # 120, 52, 80, 40
PICTURE_BOX = [160.0, 64.0, 320.0, 144.0]


def signature(name="output", features=8, clues=(), **changes):
    image = TensorSpec("images", (1, 3, 320, 320), "float32")
    model = Signature((image,), (TensorSpec(name, (1, ROWS, features), "float32"),), clues=clues)
    return attrs.evolve(model, **changes)


def bound(model=None, **changes):
    model = model or signature()
    return Yolox().bind(attrs.evolve(Yolox().recognise(model), name="test", **changes), model)


def table():
    """One thing of class 2 in one cell, and the same again, fainter, in the next."""
    rows = np.zeros((1, ROWS, 8), np.float32)
    rows[0, CELL] = [*RAW_BOX, 0.9, 0.1, 0.0, 0.8]
    rows[0, CELL + 1] = [RAW_BOX[0] - 1, *RAW_BOX[1:], 0.8, 0.1, 0.0, 0.8]
    return rows


def test_cells_are_numbered_line_by_line():
    assert list_cells((320, 160), (16, 32))[[0, 19, 20, 199, 200, 211]].tolist() == [
        [0, 0, 16], [19, 0, 16], [0, 1, 16], [19, 9, 16], [0, 0, 32], [1, 1, 32],
    ]  # fmt: skip
    assert count_cells((330, 161), 32) == 11 * 6 == len(list_cells((330, 161), (32,)))


def test_a_row_is_read_by_the_formula(frame):
    answer = bound().decode({"predictions": table()}, frame)
    np.testing.assert_allclose(answer.boxes, [PICTURE_BOX], atol=1e-3)
    assert answer.model_ids.tolist() == [2]
    assert answer.scores[0] == pytest.approx(0.72)


def test_rows_may_be_decoded_in_the_graph(frame):
    rows, cells = table(), list_cells((320, 320), (8, 16, 32))
    rows[0, :, :2] = (rows[0, :, :2] + cells[:, :2]) * cells[:, 2:]
    rows[0, :, 2:4] = np.exp(rows[0, :, 2:4]) * cells[:, 2:]
    np.testing.assert_allclose(rows[0, CELL, :4], TENSOR_BOX, atol=1e-4)
    for options in ({}, {"boxes": "absolute"}):
        answer = bound(options=options).decode({"predictions": rows}, frame)
        np.testing.assert_allclose(answer.boxes, [PICTURE_BOX], atol=1e-3)
    wrong = bound(options={"boxes": "cells"}).decode({"predictions": rows}, frame)
    assert not np.allclose(wrong.boxes, [PICTURE_BOX])


def test_scores_may_be_logits(frame):
    logits = table()
    logits[..., 4:] = -8
    logits[0, CELL, 4:] = [2.0, -3.0, -8.0, 1.0]
    for options in ({}, {"activation": "logits"}, {"activation": "sigmoid"}):
        answer = bound(options=options).decode({"predictions": logits}, frame)
        assert answer.model_ids.tolist() == [2]
        assert answer.scores[0] == pytest.approx(1 / (1 + np.exp(-2)) / (1 + np.exp(-1)))
    assert bound(options={"activation": "none"}).decode({"predictions": logits}, frame).scores[0] == 2


def test_a_picture_lies_at_the_left_and_top_of_grey():
    red = Frame.from_array(np.full((600, 517, 3), (255, 0, 51), np.uint8))
    tensor = bound().encode(red)["image"]
    assert tensor[0, :, 0, 0].tolist() == [51, 0, 255]
    assert tensor[0, :, 319, 274].tolist() == [51, 0, 255]
    assert (tensor[..., 275:] == 114).all()  # 320 / 600 x 517 = 275.7, cut to 275


def says(clue):
    return Yolox().recognise(signature(clues=(clue,)))


def test_what_is_not_known_of_the_release_is_guessed():
    assert [guess.about for guess in Yolox().recognise(signature()).guesses] == ["range"]
    card = says(Clue("range", RAW, "the graph", 0.95))
    assert (card.picture.colour, card.picture.std, card.guesses) == ("bgr", RAW.std, ())


def test_values_of_early_releases_come_with_their_colours():
    card = says(Clue("range", IMAGENET, "the graph", 0.95))
    assert (card.picture.colour, card.picture.mean, card.picture.std) == ("rgb", IMAGENET.mean, IMAGENET.std)
    assert card.guesses == ()


def test_a_habit_of_others_does_not_change_the_colours():
    card = says(Clue("colour", "rgb", "so it mostly is with PyTorch", 0.75))
    assert card.picture.colour == "bgr"


def test_a_name_that_is_not_yoloxs_own_leaves_a_guess():
    assert "kind" in {guess.about for guess in Yolox().recognise(signature("Identity")).guesses}


@pytest.mark.parametrize("name", ["output0", "outputs"])
def test_names_of_others_are_left_to_them(name):
    assert Yolox().recognise(signature(name)) is None
    assert Yolo().recognise(signature(name)) is not None


def test_another_number_of_rows_is_refused():
    model = signature(outputs=(TensorSpec("output", (1, 6300, 8), "float32"),))
    assert Yolox().recognise(model) is None
    card = attrs.evolve(Yolox().recognise(signature()), name="test")
    with pytest.raises(TaskError, match="predictions has 6300 rows, an input of 320 x 320 has 2100 cells"):
        Yolox().bind(card, model)


def test_rows_that_come_in_another_number_are_refused(frame):
    model = signature(outputs=(TensorSpec("output", (1, None, 8), "float32"),))
    card = attrs.evolve(Yolox().recognise(signature()), name="test")
    with pytest.raises(TaskError, match="predictions has 7 rows"):
        Yolox().bind(card, model).decode({"predictions": np.zeros((1, 7, 8), np.float32)}, frame)
