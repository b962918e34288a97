"""FastestDet's raw head, with the real network through ONNX Runtime."""

import attrs
import numpy as np
import pytest
from PIL import Image
from runner_detection.fastestdet import FastestDet

from runner_core.cards.label_files import read_labels
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame

MODEL = Signature(
    (TensorSpec("input.1", (1, 3, 352, 352), "float32"),), (TensorSpec("758", (1, 85, 22, 22), "float32"),)
)


def bound(model=MODEL, **changes):
    return FastestDet().bind(attrs.evolve(FastestDet().recognise(model), name="test", **changes), model)


def smoothed(frame, sides=(352, 352)):
    """1 x 3 x H x W, BGR 0 to 1, shrunk as the TensorFlow graphs do it: averaging with a triangle, unrounded.

    The picture spec takes two taps an axis instead, which finds other things in large pictures; this is a test of what
    is read from the head.
    """
    planes = [Image.fromarray(frame.pixels[..., channel].astype(np.float32)) for channel in (2, 1, 0)]
    return np.stack([np.asarray(plane.resize(sides, Image.Resampling.BILINEAR)) for plane in planes])[None] / 255


def test_finds_what_the_tensorflow_graph_finds(testdata, expected, demand_found):
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(testdata / "models" / "fastestdet_coco.onnx", options)
    codec = bound(labels=read_labels(testdata / "models" / "coco80.txt"))
    for name, answer in expected.items():
        frame = Frame.from_path(testdata / "pictures" / name)
        (head,) = session.run(None, {"input.1": smoothed(frame)})
        demand_found(codec.decode({"predictions": head}, frame), answer, iou=0.9, score=0.03, near=0.01)


def test_a_cell_is_read_by_the_formula(frame):
    head = np.zeros((1, 85, 22, 22), np.float32)
    head[0, :5, 5, 7] = [0.81, 0.3, -0.2, -1.0, 0.5]
    head[0, 5 + 16, 5, 7] = 0.64
    answer = bound().decode({"predictions": head}, frame)
    x, y = (7 + np.tanh(0.3)) / 22 * 640, (5 + np.tanh(-0.2)) / 22 * 480
    wide, high = 640 / (1 + np.exp(1.0)), 480 / (1 + np.exp(-0.5))
    box = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]
    np.testing.assert_allclose(answer.boxes, [np.clip(box, 0, [640, 480, 640, 480])], rtol=1e-5)
    assert answer.model_ids.tolist() == [16]
    assert answer.scores[0] == pytest.approx(0.81**0.6 * 0.64**0.4)


def test_a_cell_may_hold_several_classes(frame):
    head = np.zeros((1, 85, 22, 22), np.float32)
    head[0, 0, 5, 7] = 0.9
    head[0, [5 + 57, 5 + 59, 5 + 2], 5, 7] = [0.7, 0.8, 0.001]
    answer = bound(threshold=0.3).decode({"predictions": head}, frame)
    assert answer.model_ids.tolist() == [59, 57]
    np.testing.assert_allclose(answer.scores, [0.9**0.6 * 0.8**0.4, 0.9**0.6 * 0.7**0.4], rtol=1e-5)
    np.testing.assert_array_equal(answer.boxes[0], answer.boxes[1])


def test_features_may_come_last(frame):
    random = np.random.default_rng(3)
    head = random.random((1, 85, 22, 22)).astype(np.float32)
    last = attrs.evolve(MODEL, outputs=(TensorSpec("head", (1, 22, 22, 85), "float32"),))
    one = bound().decode({"predictions": head}, frame)
    other = bound(last).decode({"predictions": head.transpose(0, 2, 3, 1)}, frame)
    assert len(one) > 20
    np.testing.assert_array_equal(one.boxes, other.boxes)
    np.testing.assert_array_equal(one.model_ids, other.model_ids)


def test_the_input_is_blue_green_red_from_0_to_1():
    red = Frame.from_array(np.full((50, 60, 3), (255, 0, 51), np.uint8))
    tensor = bound().encode(red)["image"]
    assert tensor.shape == (1, 3, 352, 352)
    np.testing.assert_allclose(tensor[0, :, 0, 0], [0.2, 0, 1], atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 85, 11, 11), (1, 5, 22, 22), (1, 85, 484), (2, 85, 22, 22)])
def test_binding_refuses_another_head(shape):
    card = attrs.evolve(FastestDet().recognise(MODEL), name="test")
    other = attrs.evolve(MODEL, outputs=(TensorSpec("758", shape, "float32"),))
    assert FastestDet().recognise(other) is None
    with pytest.raises(TaskError, match=r"the input 352 x 352"):
        FastestDet().bind(card, other)
