"""Graphs that decode by themselves: where they can be fed pixels, and that a run does so only where it is the same."""

from __future__ import annotations

import pytest
from comparison import assert_agree

from runner_core import Frame, open_brain
from runner_core.frames.memo import DECODED
from runner_core.loading.local_brain import BehindDecoder
from runner_core.pipeline.executor import FrameExecutor

GRAPH = "fastestdet_coco_tf1_encoded_image_string_tensor.pb"


@pytest.fixture
def graph(testdata):
    return testdata / "models" / GRAPH


def two(graph, testdata):
    labels = testdata / "models" / "coco80.pbtxt"
    return [open_brain(graph, name=name, labels=labels, conf=0.5, engine="tensorflow") for name in ("one", "two")]


def found(inference):
    return [{"label": item.label, "score": item.score, "box": item.box} for item in inference.instances]


def test_the_place_behind_the_decoder_and_the_size_it_is_stretched_to(graph):
    with open_brain(graph, engine="tensorflow") as brain:
        (decoded,) = brain.session.decoded.values()
    assert decoded.tensor.name == "decode_image/DecodeImage:0"
    assert decoded.stretch_size == (352, 352)


def test_graphs_that_take_pixels_have_no_such_place(testdata):
    with open_brain(testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb", engine="tensorflow") as brain:
        assert brain.session.decoded == {}


@pytest.mark.parametrize("picture", ["football.jpg", "baseball.jpg", "grace_hopper.bmp"])
def test_two_such_brains_share_one_decoding_and_find_the_same(graph, testdata, picture):
    brains = two(graph, testdata)
    shared, exact = FrameExecutor(brains, exact=False), FrameExecutor(brains)
    assert all(isinstance(brain, BehindDecoder) for brain in shared.brains)
    first, other = (
        executor.run_frame(Frame.from_path(testdata / "pictures" / picture)) for executor in (shared, exact)
    )
    assert not first.failures
    for near, want in zip(first.answers, other.answers, strict=True):
        assert_agree(found(near), found(want), least=0.9, score=0.03)
    for brain in brains:
        brain.close()


def test_shared_pixels_are_decoded_once_and_small(graph, testdata, monkeypatch):
    brains = two(graph, testdata)
    executor = FrameExecutor(brains, exact=False)
    path = testdata / "pictures" / "cat_1080p.jpg"
    executor.run_frame(Frame.from_path(path))  # the first frame is decoded whole, to be compared
    frame = Frame.from_path(path)
    asked = []
    run = type(brains[0].session).run
    monkeypatch.setattr(
        type(brains[0].session), "run", lambda self, feeds, fetches: asked.append(feeds) or run(self, feeds, fetches)
    )
    executor.run_frame(frame)
    (one,), (other,) = (feeds.values() for feeds in asked)
    assert one is other
    assert one.shape == (540, 960, 3)
    for brain in brains:
        brain.close()


def test_what_the_first_picture_showed_is_known_in_the_next_run(graph, testdata):
    brains = two(graph, testdata)
    path = testdata / "pictures" / "cat_1080p.jpg"
    for sizes in ([(1080, 1920, 3)], [(540, 960, 3)]):
        frame = Frame.from_path(path)
        FrameExecutor(brains, exact=False).run_frame(frame)
        assert [each.shape for each in frame.computed if each.key in DECODED] == sizes
    for brain in brains:
        brain.close()


def test_one_brain_alone_gets_the_bytes(graph, testdata):
    with open_brain(graph, engine="tensorflow") as brain:
        assert FrameExecutor([brain], exact=False).brains == (brain,)


def test_a_decoder_that_makes_other_pixels_is_left_its_bytes(tf, graph, testdata, tmp_path):
    halving = tf.compat.v1.GraphDef.FromString(graph.read_bytes())
    node = next(node for node in halving.node if node.op == "DecodeImage")
    node.op = "DecodeJpeg"
    node.ClearField("attr")
    node.attr["channels"].i, node.attr["ratio"].i = 3, 2
    path = tmp_path / "halving.pb"
    path.write_bytes(halving.SerializeToString())
    brains = two(path, testdata)
    frame = Frame.from_path(testdata / "pictures" / "football.jpg")
    near, want = FrameExecutor(brains, exact=False).run_frame(frame), FrameExecutor(brains).run_frame(frame)
    assert near.answers[0].boxes.tolist() == want.answers[0].boxes.tolist()
    for brain in brains:
        brain.close()
