"""YOLO v2 and v3 as maps: one thing told by hand-computed numbers, and which models are of this family."""

import attrs
import numpy as np
import pytest
from runner_detection.fastestdet import FastestDet
from runner_detection.yolo_heads import YoloHeads

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError

# An input of 320 x 320, to which a picture of 640 x 480 is stretched: by 1/2 and 2/3.
CELLS = {8: 40, 16: 20, 32: 10}
CLASSES = 2


def signature(*strides, each=3, first=True, **changes):
    features = each * (5 + CLASSES)
    shapes = [(1, features, CELLS[s], CELLS[s]) if first else (1, CELLS[s], CELLS[s], features) for s in strides]
    image = TensorSpec("image", (1, 3, 320, 320) if first else (1, 320, 320, 3), "float32")
    outputs = tuple(TensorSpec(f"map{s}", shape, "float32") for s, shape in zip(strides, shapes, strict=True))
    return attrs.evolve(Signature((image,), outputs), **changes)


def bound(model, **changes):
    return YoloHeads().bind(attrs.evolve(YoloHeads().recognise(model), name="test", **changes), model)


def told(*strides, each=3, anchor=1):
    """Maps with one thing in column 7, line 3 of the coarsest: class 1, half a cell to the right, 1.5 times as wide."""
    maps = {f"head_{s}": np.full((1, each * (5 + CLASSES), CELLS[s], CELLS[s]), -9, np.float32) for s in strides}
    last = maps[f"head_{strides[-1]}"].reshape(each, 5 + CLASSES, CELLS[strides[-1]], -1)
    last[anchor, :, 3, 7] = [0, -1, np.log(1.5), 0, 2, -1, 1]
    return maps


def expect_box(stride, wide, high):
    x, y = (7 + 0.5) * stride * 2, (3 + 1 / (1 + np.e)) * stride * 1.5
    half = np.array([1.5 * wide, high * 0.75])
    return np.clip([x - half[0], y - half[1], x + half[0], y + half[1]], 0, [640, 480] * 2)


def test_boxes_of_v3_grow_from_their_anchors(frame):
    answer = bound(signature(16, 32)).decode(told(16, 32), frame)
    np.testing.assert_allclose(answer.boxes, [expect_box(32, 135, 169)], rtol=1e-4)  # the second of the coarse map
    assert answer.model_ids.tolist() == [1]
    assert answer.scores[0] == pytest.approx(1 / (1 + np.exp(-2)) / (1 + np.exp(-1)))


def test_boxes_of_v2_have_anchors_in_cells_and_shared_scores(frame):
    answer = bound(signature(32, each=5)).decode(told(32, each=5, anchor=2), frame)
    np.testing.assert_allclose(answer.boxes, [expect_box(32, 3.33843 * 32, 5.47434 * 32)], rtol=1e-4)
    assert answer.scores[0] == pytest.approx(1 / (1 + np.exp(-2)) / (1 + np.exp(-2)))  # softmax of -1 and 1


def test_features_may_come_last(frame):
    maps = {role: grid.transpose(0, 2, 3, 1) for role, grid in told(8, 16, 32).items()}
    first = bound(signature(8, 16, 32)).decode(told(8, 16, 32), frame)
    last = bound(signature(8, 16, 32, first=False)).decode(maps, frame)
    np.testing.assert_array_equal(first.boxes, last.boxes)
    np.testing.assert_allclose(first.boxes, [expect_box(32, 156, 198)], rtol=1e-4)


def test_what_the_graph_has_applied_is_not_applied_again(frame):
    maps = {role: np.zeros_like(grid) for role, grid in told(16, 32).items()}
    maps["head_32"].reshape(3, 7, 10, 10)[1, :, 3, 7] = [0.5, 1 / (1 + np.e), np.log(1.5), 0, 0.9, 0.1, 0.8]
    model = signature(16, 32)
    options = {**YoloHeads().recognise(model).options, "activation": "none"}
    answer = bound(model, options=options).decode(maps, frame)
    np.testing.assert_allclose(answer.boxes, [expect_box(32, 135, 169)], rtol=1e-4)
    assert answer.scores[0] == pytest.approx(0.72)


def test_anchors_beside_the_model_are_no_guess():
    numbers = "[115, 73, 119, 199, 242, 238, 12, 18, 37, 49, 52, 132]"
    card = YoloHeads().recognise(signature(16, 32, metadata={"anchors": numbers}))
    assert card.options["anchors"] == [[12, 18], [37, 49], [52, 132], [115, 73], [119, 199], [242, 238]]
    assert "anchors" not in {guess.about for guess in card.guesses}
    for other in ("[1, 2, 3]", "[10, 14, 23, 27]", "['a', 'b']", "7"):
        card = YoloHeads().recognise(signature(16, 32, metadata={"anchors": other}))
        assert card.options["anchors"][0] == [10, 14]
        assert "anchors" in {guess.about for guess in card.guesses}


def test_a_map_of_a_layer_of_its_own_is_not_fastestdets():
    model = signature(16, each=5, ends={"map16": "linear"})
    assert YoloHeads().recognise(model)
    assert FastestDet().recognise(model) is None
    for ends in ({}, {"map16": "sigmoid"}):
        assert YoloHeads().recognise(attrs.evolve(model, ends=ends)) is None
        assert FastestDet().recognise(attrs.evolve(model, ends=ends))


@pytest.mark.parametrize("anchors", [[[1, 2]], [[1, 2]] * 4, [[1, 2]] * 42])
def test_anchors_that_do_not_fit_are_refused(anchors):
    with pytest.raises(TaskError, match=r"heads|anchors"):
        bound(signature(16, 32), options={"anchors": anchors})


def test_a_head_of_another_grid_is_refused():
    model = signature(16, 32)
    card = attrs.evolve(YoloHeads().recognise(model), name="test")
    wrong = attrs.evolve(model, outputs=(TensorSpec("map16", (1, 21, 19, 19), "float32"), model.outputs[1]))
    assert YoloHeads().recognise(wrong) is None
    with pytest.raises(TaskError, match="the heads are map16"):
        YoloHeads().bind(card, wrong)
