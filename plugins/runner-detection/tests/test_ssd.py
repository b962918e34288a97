"""SSD's raw offsets, decoded with the anchors of a card."""

import attrs
import numpy as np
import pytest
from runner_detection.anchors import SCHEMES
from runner_detection.boxes_scores import BoxesScores
from runner_detection.ssd import Ssd

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError

MODEL = Signature(
    (TensorSpec("image", (1, 300, 300, 3), "float32"),),
    (
        TensorSpec("raw_outputs/box_encodings", (1, 3, 4), "float32"),
        TensorSpec("raw_outputs/class_predictions", (1, 3, 3), "float32"),
    ),
)
ANCHORS = [[0.5, 0.5, 0.4, 0.2], [0.2, 0.3, 0.1, 0.1], [0.8, 0.8, 0.1, 0.1]]


def bound(**options):
    card = Ssd().recognise(MODEL)
    return Ssd().bind(attrs.evolve(card, name="test", options={**card.options, "anchors": ANCHORS} | options), MODEL)


def outputs(offset, scores):
    boxes = np.zeros((1, 3, 4), np.float32)
    boxes[0, 0] = offset
    table = np.zeros((1, 3, 3), np.float32)
    table[0, 0] = scores
    return {"boxes": boxes, "scores": table}


@pytest.mark.parametrize(("order", "offset"), [("yxhw", [-1, 2, 3, -2]), ("xywh", [2, -1, -2, 3])])
def test_an_offset_is_read_by_the_formula(order, offset, frame):
    answer = bound(order=order).decode(outputs(offset, [0.1, 0.2, 0.9]), frame)
    x, y = (0.5 + 2 * 0.1 * 0.4) * 640, (0.5 - 1 * 0.1 * 0.2) * 480
    wide, high = 0.4 * np.exp(-2 * 0.2) * 640, 0.2 * np.exp(3 * 0.2) * 480
    np.testing.assert_allclose(answer.boxes, [[x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]], rtol=1e-5)
    assert answer.model_ids.tolist() == [2]


def test_the_background_is_not_an_instance(frame):
    sure = outputs([0, 0, 0, 0], [0.9, 0.6, 0.1])
    assert bound().decode(sure, frame).model_ids.tolist() == [1]
    assert bound(background=None).decode(sure, frame).model_ids.tolist() == [0]


def test_logits_become_scores_as_the_card_says(frame):
    logits = outputs([0, 0, 0, 0], [0.0, 2.0, 1.0])
    assert bound(activation="sigmoid").decode(logits, frame).scores[0] == pytest.approx(1 / (1 + np.exp(-2)))
    shares = np.exp([0.0, 2.0, 1.0])
    assert bound(activation="softmax").decode(logits, frame).scores[0] == pytest.approx(shares[1] / shares.sum())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"anchors": None}, "option anchors is missing"),
        ({"anchors": "many"}, "option anchors is something else"),
        ({"anchors": ANCHORS[:2]}, r"\[1 x 3 x 4\], ssd reads \[1 x 2 x 4\]"),
        ({"anchors": [[0.5, 0.5, 0.1]]}, "option anchors is something else"),
        ({"variances": [0.1, 0.2]}, "option variances"),
        ({"background": 3}, "option background is 3"),
        ({"background": -1}, "option background is -1"),
        ({"activation": "tanh"}, "option activation is 'tanh'"),
    ],
)
def test_binding_refuses_a_card_that_does_not_fit(options, message):
    with pytest.raises(TaskError, match=message):
        bound(**options)


def test_a_draft_says_that_the_anchors_are_missing():
    assert any("missing: options.anchors" in note for note in Ssd().recognise(MODEL).notes)


def known(side, rows, classes, names=("loc", "conf"), end="sigmoid"):
    offsets, scores = (
        TensorSpec(name, (1, rows, last), "float32") for name, last in zip(names, (4, classes), strict=True)
    )
    return Signature(
        (TensorSpec("x", (1, side, side, 3), "float32"),), (offsets, scores), ends={names[0]: "linear", names[1]: end}
    )


@pytest.mark.parametrize(
    ("model", "scheme", "background", "activation"),
    [
        (known(260, 5972, 2, ("a/concat", "b/concat")), "aizoo-260", None, "none"),
        (known(300, 1917, 91, ("raw/box_encodings", "raw/class_predictions"), "linear"), "tf-ssd-300", 0, "sigmoid"),
        (known(320, 2034, 91, ("concat", "concat_1"), "linear"), "tf-ssd-320", 0, "sigmoid"),
    ],
)
def test_anchors_are_known_by_their_number(model, scheme, background, activation):
    card = Ssd().recognise(model)
    assert card.options["anchors"] == scheme
    assert (card.options.get("background"), card.options["activation"]) == (background, activation)
    assert card.guesses == ()
    Ssd().bind(card, model)
    assert BoxesScores().recognise(model) is None, "offsets are no boxes"


def test_without_a_number_of_rows_the_size_of_the_input_is_a_guess():
    model = known(260, None, 2, ("a/concat", "b/concat"))
    card = Ssd().recognise(model)
    assert (card.options["anchors"], [guess.about for guess in card.guesses]) == ("aizoo-260", ["anchors"])
    assert Ssd().recognise(attrs.evolve(model, ends={})) is None, "they may be decoded"
    assert Ssd().recognise(attrs.evolve(model, ends={"b/concat": "sigmoid"})) is None


def test_as_many_rows_for_another_input_say_nothing():
    assert Ssd().recognise(known(256, 5972, 2, ("a/concat", "b/concat"))) is None


def test_the_anchors_of_the_tensorflow_api_are_its_own():
    """Of the first map three a cell, of the others six; sizes as ``create_ssd_anchors`` gives them."""
    anchors = SCHEMES["tf-ssd-300"].make()
    assert anchors[:3, 2:].tolist() == pytest.approx(
        np.array([[0.1, 0.1], [0.2828, 0.1414], [0.1414, 0.2828]]), abs=1e-3
    )
    second = anchors[19 * 19 * 3 :][:6]
    assert second[0].tolist() == pytest.approx([0.05, 0.05, 0.35, 0.35], abs=1e-4)
    assert second[5, 2:].tolist() == pytest.approx([np.sqrt(0.35 * 0.5)] * 2, abs=1e-4)
    assert anchors[-6, :2].tolist() == [0.5, 0.5]
