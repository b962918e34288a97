"""What a line of numbers is: scores of classes, or a vector."""

import numpy as np
import pytest
from runner_classification.classification import Classification
from runner_classification.vector import Vector

from runner_core.cards import Card, LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames import Frame

FRAME = Frame.from_array(np.zeros((8, 8, 3), np.uint8))


def signature(shape=(1, 5), name="out0", end="", **metadata):
    image, output = TensorSpec("image", (1, 32, 32, 3), "uint8"), TensorSpec(name, shape, "float32")
    return Signature((image,), (output,), metadata, ends={name: end} if end else {})


@pytest.mark.parametrize(
    ("model", "classes", "sure"),
    [
        (signature(end="softmax"), True, True),
        (signature(end="unit vector"), False, True),
        (signature(name="output_crop", shape=(1, 1, 1, 4), end="linear"), False, True),
        (signature(name="embedding", shape=(1, 1000)), False, True),
        (signature(shape=(1, 512), end="linear"), False, False),
        (signature(shape=(1, 1000), end="linear"), True, False),
        (signature(end="linear"), True, False),
        (signature(shape=(1, 1), end="sigmoid"), True, True),
        (signature(shape=(1, 1), end="linear"), False, False),
        (signature(shape=(1, 1), end="linear", labels="cat\ndog"), True, False),
        (signature(name="score", shape=(1, 1), end="linear"), True, False),
        (signature(shape=(1, 1), end="linear", **{"asked family": "classification"}), True, True),
        (signature(shape=(1, 5), end="softmax", **{"asked family": "vector"}), False, True),
        (signature(shape=(1, 512), end="softmax"), True, True),
        (signature(shape=(1, 512), task="classify"), True, True),
        (signature(shape=(1, 10), end="sigmoid", model_name="landmarks-regression-retail-0009"), False, True),
        (signature(shape=(1, 10), end="sigmoid", model_name="person-attributes-recognition"), True, False),
    ],
)
def test_one_of_the_two_takes_it_and_says_whether_it_is_sure(model, classes, sure):
    cards = {True: Classification().recognise(model), False: Vector().recognise(model)}
    assert cards[not classes] is None
    assert ("kind" not in {guess.about for guess in cards[classes].guesses}) == sure


NONE = LabelMap()


def bound(labels=NONE, **options):
    roles = {"image": "image", "scores": "out0"}
    card = Card("m", "classification", roles=roles, options=options, labels=labels, threshold=0.0)
    return Classification().bind(card, signature(shape=(1, 1)))


@pytest.mark.parametrize(
    ("value", "options", "yes"), [(0.8, {}, 0.8), (2.0, {}, 0.8808), (0.5, {"activation": "sigmoid"}, 0.6225)]
)
def test_one_number_is_a_yes_and_the_rest_a_no(value, options, yes):
    found = bound(**options).decode({"scores": np.array([[value]], np.float32)}, FRAME)
    assert found.model_ids.tolist() == [1, 0]
    assert found.scores.tolist() == pytest.approx([yes, 1 - yes], abs=1e-3)


def test_one_name_is_that_of_the_yes_and_two_are_both():
    scores = {"scores": np.array([[0.9]], np.float32)}
    both = bound(LabelMap.from_names(["cat", "dog"])).decode(scores, FRAME)
    assert both.names == ["dog", "cat"]
    assert bound(LabelMap.from_names(["cat"], first=1)).decode(scores, FRAME).names == ["cat"]
    with pytest.raises(LabelError, match="classes 0 to 1"):
        bound(LabelMap.from_names(["a", "b", "c"]))


def test_a_vector_is_one_instance_with_the_numbers_as_they_are():
    model = signature(name="embedding", shape=(1, 3))
    codec = Vector().bind(Vector().recognise(model), model)
    found = codec.decode({"vector": np.array([[1.5, -2.0, 300.0]], np.float32)}, FRAME)
    assert found.vectors.tolist() == [[1.5, -2.0, 300.0]]
    assert found.instances[0].vector == (1.5, -2.0, 300.0)
    assert found.from_json(found.to_json()) == found
    assert (found.names, found.scores, found.boxes) == (["vector"], None, None)


def test_a_map_is_no_vector():
    model = signature(name="embedding", shape=(1, 3))
    with pytest.raises(TaskError, match="reads"):
        Vector().bind(Vector().recognise(model), signature(name="embedding", shape=(1, 3, 7)))
