"""YuNet: twelve outputs of three grids, for pictures as they are and for a fixed input."""

import attrs
import numpy as np
import pytest
from runner_detection.faces import FIVE_POINTS
from runner_detection.yunet import OUTPUTS, Yunet

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame

# Of the picture of 640 x 480, and of an input of 320 x 320.
ROWS = {(640, 480): {8: 4800, 16: 1200, 32: 300}, (320, 320): {8: 1600, 16: 400, 32: 100}}


def signature(image=(1, 3, None, None)):
    outputs = tuple(TensorSpec(name, (1, None, numbers), "float32") for name, numbers in OUTPUTS.items())
    return Signature((TensorSpec("input", image, "float32"),), outputs)


def bound(image=(1, 3, None, None), **changes):
    model = signature(image)
    return Yunet().bind(attrs.evolve(Yunet().recognise(model), name="test", **changes), model)


def outputs(size, row):
    """A face of 64 x 32 pixels in one cell of 16 pixels."""
    tensors = {
        name: np.zeros((1, ROWS[size][int(name.split("_")[1])], numbers), np.float32)
        for name, numbers in OUTPUTS.items()
    }
    tensors["cls_16"][0, row], tensors["obj_16"][0, row] = 0.64, 1.21
    tensors["bbox_16"][0, row] = [0.5, 0.25, np.log(4), np.log(2)]
    tensors["kps_16"][0, row] = [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]
    return tensors


def test_a_row_is_read_by_the_formula(frame):
    answer = bound().decode(outputs((640, 480), 3 * 40 + 7), frame)  # column 7, line 3
    np.testing.assert_allclose(answer.boxes, [[120 - 32, 52 - 16, 120 + 32, 52 + 16]], rtol=1e-5)
    np.testing.assert_allclose(answer.scores, [0.8], rtol=1e-5)  # an objectness above 1 counts as 1
    points = [[112, 48, 0.8], [128, 48, 0.8], [120, 56, 0.8], [112, 64, 0.8], [128, 64, 0.8]]
    np.testing.assert_allclose(answer.keypoints, [points], rtol=1e-5)
    assert answer.names == ["face"]


def test_a_fixed_input_is_carried_back_to_the_picture(frame):
    answer = bound((1, 3, 320, 320)).decode(outputs((320, 320), 3 * 20 + 7), frame)
    np.testing.assert_allclose(answer.boxes, [[176, 72, 304, 136]], rtol=1e-5)
    np.testing.assert_allclose(answer.keypoints[0, 4], [256, 128, 0.8], rtol=1e-5)


def test_overlapping_faces_are_suppressed_with_their_points(frame):
    tensors = outputs((640, 480), 127)
    for name in OUTPUTS:
        if name.endswith("_16"):
            tensors[name][0, 128] = tensors[name][0, 127]
    tensors["cls_16"][0, 128] = 0.81
    answer = bound().decode(tensors, frame)
    np.testing.assert_allclose(answer.scores, [0.9], rtol=1e-5)
    np.testing.assert_allclose(answer.keypoints[0, 0], [128, 48, 0.9], rtol=1e-5)


def test_a_picture_as_it_is_grows_to_whole_cells():
    picture = Frame.from_array(np.full((50, 70, 3), (255, 0, 51), np.uint8))
    tensor = bound().encode(picture)["image"]
    assert tensor.shape == (1, 3, 64, 96)
    assert tensor[0, :, 49, 69].tolist() == [51, 0, 255]
    assert not tensor[0, :, 50:].any()
    assert not tensor[0, :, :, 70:].any()


def test_a_draft_leaves_nothing_open():
    card = Yunet().recognise(signature())
    assert card.guesses == ()
    assert card.options["keypoint_names"] == list(FIVE_POINTS)
    assert (card.threshold, card.iou) == (0.6, 0.3)


def test_a_model_that_lacks_an_output_is_another():
    model = signature()
    assert Yunet().recognise(attrs.evolve(model, outputs=model.outputs[:-1])) is None
    wrong = TensorSpec("kps_32", (1, None, 8), "float32")
    assert Yunet().recognise(attrs.evolve(model, outputs=(*model.outputs[:-1], wrong))) is None


def test_binding_refuses_a_grid_of_another_input():
    card = attrs.evolve(Yunet().recognise(signature((1, 3, 320, 320))), name="test")
    model = signature((1, 3, 320, 320))
    other = attrs.evolve(model, outputs=(TensorSpec("cls_8", (1, 4800, 1), "float32"), *model.outputs[1:]))
    with pytest.raises(TaskError, match="cls_8 has 4800 rows, an input of 320 x 320 has 1600 cells"):
        Yunet().bind(card, other)
