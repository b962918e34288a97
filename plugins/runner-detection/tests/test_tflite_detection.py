"""TFLite_Detection_PostProcess, its outputs in whatever order a converter left them."""

import attrs
import numpy as np
import pytest
from runner_detection.tflite_detection import TfliteDetection, are_swapped, drop_background

from runner_core.cards.label_files import parse_labels
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError

SHAPES = {"boxes": (1, 3, 4), "classes": (1, 3), "scores": (1, 3), "count": (1,)}
BOXES = np.array([[[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 1.0, 1.0], [0.25, 0.5, 0.75, 1.0]]], np.float32)
SCORES = np.array([[0.9, 0.7, 0.6]], np.float32)
CLASSES = np.array([[2, 0, 1]], np.float32)
OUTPUTS = {"boxes": BOXES, "scores": SCORES, "classes": CLASSES, "count": np.array([3], np.float32)}


def signature(order=("boxes", "classes", "scores", "count"), name="StatefulPartitionedCall:{}"):
    outputs = tuple(TensorSpec(name.format(place), SHAPES[role], "float32") for place, role in enumerate(order))
    return Signature((TensorSpec("serving_default_input:0", (1, 300, 300, 3), "uint8"),), outputs)


def drafted(model, **changes):
    return attrs.evolve(TfliteDetection().recognise(model), name="test", **changes)


def decoded(model, outputs, frame, **changes):
    """As a session answers: by the tensors' names, whatever roles the draft gave them."""
    return TfliteDetection().bind(drafted(model, **changes), model).decode(outputs, frame)


ORDERS = [
    ("boxes", "classes", "scores", "count"),
    ("scores", "boxes", "count", "classes"),
    ("count", "scores", "classes", "boxes"),
    ("boxes", "scores", "classes", "count"),
]


@pytest.mark.parametrize("order", ORDERS)
def test_useless_names_in_any_order_give_the_same(order, frame):
    model = signature(order)
    values = {spec.name: OUTPUTS[role] for spec, role in zip(model.outputs, order, strict=True)}
    outputs = {role: values[name] for role, name in drafted(model).roles.items() if name in values}
    found = decoded(model, outputs, frame)
    assert found.model_ids.tolist() == [2, 0, 1]
    np.testing.assert_allclose(found.scores, SCORES[0])
    np.testing.assert_allclose(found.boxes[0], [128, 48, 384, 240], atol=1e-3)


@pytest.mark.parametrize("shuffled", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_the_operations_own_names_settle_the_order(shuffled):
    names = [f"TFLite_Detection_PostProcess{suffix}" for suffix in ("", ":1", ":2", ":3")]
    outputs = [TensorSpec(name, SHAPES[role], "float32") for name, role in zip(names, SHAPES, strict=True)]
    model = attrs.evolve(signature(), outputs=tuple(outputs[place] for place in shuffled))
    roles = drafted(model).roles
    assert [roles[role] for role in ("boxes", "classes", "scores", "count")] == names


@pytest.mark.parametrize(
    ("scores", "classes", "answer"),
    [
        ([0.9, 0.5], [3, 1], False),
        ([3, 1], [0.9, 0.5], True),
        ([0, 0], [5, 3], False),  # nothing found: zeros are whole numbers too
        ([5, 3], [0, 0], True),
        ([1, 0], [0, 0], False),
        ([], [], False),
    ],
)
def test_values_tell_scores_from_classes(scores, classes, answer):
    assert are_swapped(np.array(scores, np.float32), np.array(classes, np.float32)) is answer


def test_rows_beyond_the_count_are_padding(frame):
    outputs = OUTPUTS | {"count": np.array([1], np.float32)}
    assert decoded(signature(), outputs, frame).model_ids.tolist() == [2]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [("???\nperson\nbicycle\ncar\n", ".txt"), ("item { id: 1 name: 'person' } item { id: 3 name: 'car' }", ".pbtxt")],
)
def test_labels_that_count_the_background_move_down(text, suffix, frame):
    found = decoded(signature(), OUTPUTS, frame, labels=parse_labels(text, suffix=suffix, first=0))
    assert found.names[:2] == ["car", "person"]
    assert found.file_ids[:2].tolist() == [3, 1]


def test_labels_without_background_stay():
    labels = LabelMap.from_names(["person", "bicycle", "car"])
    assert drop_background(labels) == labels
    assert drop_background(LabelMap()) == LabelMap()


def test_the_metadata_say_how_a_float_input_is_normalised():
    model = attrs.evolve(
        signature(),
        inputs=(TensorSpec("input", (1, 300, 300, 3), "float32"),),
        metadata={"mean": "127", "std": "128"},
    )
    card = drafted(model)
    assert (card.picture.mean, card.picture.std) == ((127.0,) * 3, (128.0,) * 3)
    assert "range" not in {guess.about for guess in card.guesses}
    found = TfliteDetection().bind(attrs.evolve(card, picture=None), model)
    assert found.picture == card.picture


def test_binding_refuses_shapes_that_are_not_the_operations():
    model = attrs.evolve(signature(), outputs=(TensorSpec("boxes", (1, 3, 7), "float32"), *signature().outputs[1:]))
    roles = drafted(signature()).roles | {"boxes": "boxes"}
    with pytest.raises(TaskError, match=r"\[1 x 3 x 7\], tflite-detection reads \[1 x N x 4\]"):
        TfliteDetection().bind(drafted(signature(), roles=roles), model)
