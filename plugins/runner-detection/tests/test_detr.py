"""DETR's logits and boxes."""

import attrs
import numpy as np
import pytest
from runner_detection.detr import Detr

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame

FREE = TensorSpec("pixel_values", (None, 3, None, None), "float32")
MASK = TensorSpec("pixel_mask", (None, 64, 64), "int64")


def signature(logits=(1, 100, 4), boxes=(1, 100, 4), inputs=(FREE,)):
    outputs = TensorSpec("logits", logits, "float32"), TensorSpec("pred_boxes", boxes, "float32")
    return Signature(inputs, (*outputs, TensorSpec("last_hidden_state", (1, 100, 256), "float32")))


def bound(model, **changes):
    return Detr().bind(attrs.evolve(Detr().recognise(model), name="test", **changes), model)


@pytest.fixture
def outputs():
    """Query 7 sees class 2, query 9 class 0, the others nothing."""
    logits, boxes = np.zeros((1, 100, 4), np.float32), np.full((1, 100, 4), 0.5, np.float32)
    logits[..., 3] = 9.0
    logits[0, 7], logits[0, 9] = [0, 0, 5, 0], [6, 0, 0, 0]
    boxes[0, 7] = [0.5, 0.25, 0.2, 0.5]
    return {"logits": logits, "boxes": boxes}


def test_the_last_class_is_not_an_object(outputs, frame):
    answer = bound(signature()).decode(outputs, frame)
    assert answer.model_ids.tolist() == [0, 2]
    np.testing.assert_allclose(answer.scores, [np.exp(6) / (np.exp(6) + 3), np.exp(5) / (np.exp(5) + 3)], rtol=1e-6)
    np.testing.assert_allclose(answer.boxes[1], [256, 0, 384, 240], atol=1e-3)


def test_sigmoid_counts_every_class(outputs, frame):
    outputs["logits"] -= 3
    answer = bound(signature(), options={"activation": "sigmoid"}).decode(outputs, frame)
    assert sorted(set(answer.model_ids.tolist())) == [0, 2, 3]
    assert answer.scores[0] == pytest.approx(1 / (1 + np.exp(-6)))


@pytest.mark.parametrize(("size", "tensor"), [((640, 480), (800, 1067)), ((2000, 1000), (666, 1333))])
def test_a_picture_shrinks_in_its_proportions(size, tensor):
    frame = Frame.from_array(np.zeros((size[1], size[0], 3), np.uint8))
    shape = bound(signature()).encode(frame)["image"].shape
    assert shape[:2] == (1, 3)
    assert np.abs(np.subtract(shape[2:], tensor)).max() <= 1


def test_a_fixed_input_is_filled(frame):
    fixed = TensorSpec("pixel_values", (1, 3, 320, 320), "float32")
    assert bound(signature(inputs=(fixed,))).encode(frame)["image"].shape == (1, 3, 320, 320)


def test_every_pixel_is_marked_as_valid(frame):
    tensors = bound(signature(inputs=(FREE, MASK))).encode(frame)
    assert tensors["valid"].shape == (1, 64, 64)
    assert tensors["valid"].dtype == np.int64
    assert tensors["valid"].all()
    free = bound(signature(inputs=(FREE, attrs.evolve(MASK, shape=(None, None, None))))).encode(frame)
    assert free["valid"].shape[1:] == free["image"].shape[2:]


def test_binding_refuses_boxes_that_do_not_belong():
    card = attrs.evolve(Detr().recognise(signature()), name="test")
    with pytest.raises(TaskError, match="boxes 90, logits 100"):
        Detr().bind(card, signature(boxes=(1, 90, 4)))
    with pytest.raises(TaskError, match="option activation is 'max'"):
        bound(signature(), options={"activation": "max"})
