"""Boxes with an angle: their corners, what is made of them, and that they are never taken for upright ones."""

import json

import attrs
import numpy as np
import pytest

from runner_core.cards.labels import LabelMap
from runner_core.results.boxes import turn_boxes
from runner_core.results.combine import boxes_of, merge
from runner_core.results.compare import compare_inferences
from runner_core.results.formats import coco_results, to_supervision, yolo_text
from runner_core.results.inference import Inference

BOX = [40, 40, 80, 60]
AROUND = [50, 30, 70, 70]  # turned by a right angle


def answer(angles=(np.pi / 2,), brain="one", **columns):
    return Inference(
        brain=brain, task="object-detection", size=(200, 100), labels=LabelMap.from_names(["ship"]),
        model_ids=np.zeros(1, int), boxes=[BOX], angles=angles, scores=[0.9], **columns,
    )  # fmt: skip


def test_corners_turn_clockwise():
    corners = turn_boxes(np.array([BOX, BOX]), np.array([0, np.pi / 2]))
    assert corners[0].tolist() == [[40, 40], [80, 40], [80, 60], [40, 60]]
    np.testing.assert_allclose(corners[1], [[70, 30], [70, 70], [50, 70], [50, 30]], atol=1e-5)


def test_the_box_around_ends_at_the_picture():
    np.testing.assert_allclose(answer().outer_boxes, [AROUND], atol=1e-5)
    assert answer(None).outer_boxes.tolist() == [BOX]
    beyond = attrs.evolve(answer(), boxes=[[0, 0, 100, 20]])
    np.testing.assert_allclose(beyond.outer_boxes, [[40, 0, 60, 60]], atol=1e-5)


def test_angles_survive_json_and_rows():
    told = json.loads(json.dumps(answer().to_json()))
    assert told["instances"][0]["angle"] == pytest.approx(np.pi / 2)
    assert Inference.from_json(told) == answer()
    assert Inference.from_json(answer((0.5,)).to_json()) != answer()
    empty = answer().take(np.zeros(0, int))
    assert Inference.from_json(empty.to_json()).angles.shape == (0,)
    assert answer().instances[0].angle == pytest.approx(np.pi / 2)
    with pytest.raises(ValueError, match="angles has the shape"):
        answer((1.0, 2.0))


def test_formats_without_angles_have_the_box_around():
    (row,) = coco_results(answer(), 1)
    assert row["bbox"] == pytest.approx([50, 30, 20, 40], abs=1e-4)
    assert yolo_text(answer()) == "0 0.300000 0.500000 0.100000 0.400000\n"
    np.testing.assert_allclose(boxes_of(answer()), [AROUND], atol=1e-5)
    detections = to_supervision(answer(), dict)
    np.testing.assert_allclose(detections["xyxy"], [AROUND], atol=1e-5)
    assert detections["data"]["xyxyxyxy"].shape == (1, 4, 2)


def test_merging_with_upright_boxes_keeps_the_box_around():
    upright = attrs.evolve(answer(None, "two"), boxes=[[100, 10, 120, 30]])
    merged = merge([answer(), upright]).inference
    assert merged.angles is None
    np.testing.assert_allclose(merged.boxes, [AROUND, [100, 10, 120, 30]], atol=1e-5)
    assert merge([answer(), answer(brain="two")]).inference.angles is not None


def test_another_angle_is_a_difference():
    assert compare_inferences(answer((0.3,)), answer((0.3001,))).ok
    assert not compare_inferences(answer((0.3,)), answer((-0.3,))).ok  # the upright boxes around them are the same


def test_the_same_place_told_otherwise_is_none():
    exchanged = attrs.evolve(answer((0.0,)), boxes=[AROUND])
    assert compare_inferences(answer(), exchanged).ok
