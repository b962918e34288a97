"""Several frames in one run of a network, where each is answered as it is alone; real networks in ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from runner_core import Frame, open_brain
from runner_core.contracts import TensorSpec
from runner_core.loading.batching import MOST, are_alike, may_batch, split_outputs, stack_feeds


def network(path, *nodes, first="N", last="N"):
    """A classifier of 8 x 8 pictures by the mean of each colour; ``nodes`` go from ``means`` [N x 3] to ``scores``."""
    begin = [
        helper.make_node("GlobalAveragePool", ["picture"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
    ]
    graph = helper.make_graph(
        [*begin, *nodes],
        "colours",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [first, 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [last, 3])],
        [helper.make_tensor("one", TensorProto.INT64, [2], [1, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


SOFTMAX = helper.make_node("Softmax", ["means"], ["scores"], axis=1)
OVER_THE_BATCH = helper.make_node("Softmax", ["means"], ["scores"], axis=0)
BAKED = [
    helper.make_node("Reshape", ["means", "one"], ["flat"]),
    helper.make_node("Softmax", ["flat"], ["scores"], axis=1),
]


@pytest.fixture
def opened(tmp_path):
    """Opens a network, and counts the frames of each of its runs."""
    brains = []

    def call(*nodes, **shapes):
        path = network(tmp_path / "colours.onnx", *nodes, **shapes)
        brain = open_brain(path, task="classification", labels=["red", "green", "blue"], first_class=0)
        brains.append(brain)
        sizes = []
        run = brain.session.run
        brain.session.run = lambda feeds, fetches: sizes.append(len(feeds["picture"])) or run(feeds, fetches)
        return brain, sizes

    yield call
    for brain in brains:
        brain.close()


def frames(count):
    random = np.random.default_rng(4)
    return [Frame.from_array(random.integers(0, 255, (8, 8, 3)).astype(np.uint8), index=n) for n in range(count)]


def check_answers(brain, several):
    together = brain.infer_many(several)
    for answer, frame in zip(together, several, strict=True):
        alone = brain.infer(frame)
        assert answer.names == alone.names
        np.testing.assert_allclose(answer.scores, alone.scores, atol=1e-5)
    return together


def test_the_first_frames_are_run_alone_and_together_and_later_ones_together(opened):
    brain, sizes = opened(SOFTMAX)
    brain.infer_many(frames(3))
    assert sizes == [1, 1, 1, 3]
    sizes.clear()
    answers = brain.infer_many(frames(MOST + 3))
    assert sizes == [MOST, 3]
    assert [set(answer.ms) for answer in answers] == [{"encode", "run", "decode"}] * (MOST + 3)
    check_answers(brain, frames(5))


@pytest.mark.parametrize(
    ("nodes", "shapes"),
    [
        ([OVER_THE_BATCH], {}),  # each frame's answer depends on the others
        (BAKED, {}),  # the first length is free by name alone: the run fails
    ],
    ids=["mixes", "baked"],
)
def test_a_network_that_answers_otherwise_among_others_is_run_frame_by_frame(opened, nodes, shapes):
    brain, sizes = opened(*nodes, **shapes)
    brain.infer_many(frames(2))
    sizes.clear()
    check_answers(brain, frames(4))
    assert set(sizes) == {1}


def test_a_network_for_one_frame_is_never_given_two(opened):
    brain, sizes = opened(SOFTMAX, first=1, last=1)
    check_answers(brain, frames(3))
    assert set(sizes) == {1}


def test_one_frame_and_none_need_no_batch(opened):
    brain, sizes = opened(SOFTMAX)
    assert (brain.infer_many([]), len(brain.infer_many(frames(1)))) == ([], 1)
    assert sizes == [1]


def test_a_chain_looks_into_its_crops_at_once(opened, testdata):
    models = testdata / "models"
    brain, sizes = opened(SOFTMAX)
    coco = models / "fastestdet_coco_tf1_image_tensor.pb"
    with open_brain(coco, labels=models / "coco80.pbtxt", conf=0.5) as first:
        chained = first.then(brain)
        frame = Frame.from_path(testdata / "pictures" / "baseball.jpg")
        before, inside = chained.infer_all(frame)
        assert sizes == [1] * len(before) + [len(before)]
        sizes.clear()
        again = chained.infer(frame)
    assert sizes == [len(before)] == [6]
    np.testing.assert_allclose(again.scores, inside.scores, atol=1e-5)
    assert again.parents.tolist() == inside.parents.tolist()


def test_which_tensors_may():
    free, fixed, unknown = (TensorSpec("a", shape, "float32") for shape in ((None, 3), (1, 3), None))
    assert may_batch([free, free])
    assert not may_batch([free, fixed])
    assert not may_batch([free, unknown])
    assert not may_batch([TensorSpec("a", (), "float32")])


def test_tensors_of_different_shapes_are_not_stacked():
    one, other = ({"a": np.zeros((1, size, 3))} for size in (4, 5))
    assert stack_feeds([one, other]) is None
    assert stack_feeds([one]) is None
    assert stack_feeds([one, one])["a"].shape == (2, 4, 3)


def test_outputs_that_do_not_come_apart():
    assert split_outputs({"a": np.zeros((5, 7))}, 3) is None  # rows of all frames, one below the other
    assert split_outputs({"a": np.float32(3)}, 1) is None
    assert [part["a"].tolist() for part in split_outputs({"a": np.arange(2)}, 2)] == [[0], [1]]


def test_alike():
    def told(value, dtype=float):
        return [{"a": np.array([value], dtype)}]

    assert are_alike(told(1.0), told(1.0005))
    assert not are_alike(told(1.0), told(1.002))
    assert are_alike(told([1000.0, np.inf]), told([1000.9, np.inf]))
    assert not are_alike(told(1, int), told(2, int))
    assert not are_alike(told([1.0]), told([1.0, 1.0]))
    assert not are_alike(told(1.0), None)
    assert are_alike(told(b"x", object), told(b"x", object))
