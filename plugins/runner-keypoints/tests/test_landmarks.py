"""MediaPipe's landmarks on made tensors, against the steps of its graphs written out point by point."""

import math

import attrs
import numpy as np
import pytest
from runner_keypoints.heat_refinement import refine_points
from runner_keypoints.landmarks import LANDMARKERS, Landmarks

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import Frame
from runner_core.testing import check_task, conformance, sample_frame

TASK = Landmarks()
MODELS = {  # side of the input, shapes of the outputs, as the published files have them
    "face": (192, [(1, 1, 1, 1404), (1, 1, 1, 1)]),
    "hand": (224, [(1, 63), (1, 1), (1, 1), (1, 63)]),
    "person": (256, [(1, 195), (1, 1), (1, 256, 256, 1), (1, 64, 64, 39), (1, 117)]),
    "eye": (64, [(1, 213), (1, 15)]),
}
WIDE = Frame.from_array(np.zeros((100, 200, 3), np.uint8))


def signature(thing, **ends):
    side, shapes = MODELS[thing]
    outputs = tuple(TensorSpec(f"out{place}", shape, "float32") for place, shape in enumerate(shapes))
    return Signature((TensorSpec("image", (1, side, side, 3), "float32"),), outputs, ends=ends)


def outputs_of(thing, score=0.9, seed=0):
    """By role; points somewhere in the input, heat maps without heat."""
    side, shapes = MODELS[thing]
    rng = np.random.default_rng(seed)
    points = rng.uniform(0.3 * side, 0.7 * side, shapes[0]).astype(np.float32)
    if thing == "eye":
        return {"points": points, "iris": rng.uniform(20, 40, shapes[1]).astype(np.float32)}
    outputs = {"points": points, "presence": np.full(shapes[1], score, np.float32)}
    return outputs | ({"heat": np.full(shapes[3], -50, np.float32)} if thing == "person" else {})


def answer(thing, outputs, frame=WIDE, **ends):
    model = signature(thing, **ends)
    return TASK.bind(attrs.evolve(TASK.recognise(model), name="marks"), model).decode(outputs, frame)


@pytest.mark.parametrize("thing", MODELS)
def test_each_is_known_by_the_lengths_of_its_outputs(thing):
    model = signature(thing)
    card = TASK.recognise(model)
    assert (card.labels.labels[0].name, card.guesses) == (thing, ())
    assert (card.picture.std[0], card.picture.mean[0]) == (255, 0)
    assert TASK.recognise(attrs.evolve(model, outputs=model.outputs[:-1])) is None
    other = attrs.evolve(model.inputs[0], shape=(1, 96, 96, 3))
    assert TASK.recognise(attrs.evolve(model, inputs=(other,))) is None


def test_all_landmarkers_have_been_looked_at():
    assert {each.thing for each in LANDMARKERS} == set(MODELS)


@pytest.mark.parametrize("thing", MODELS)
def test_points_are_pixels_of_the_input(thing):
    outputs = outputs_of(thing)
    found = answer(thing, outputs)
    side, numbers, count = MODELS[thing][0], 5 if thing == "person" else 3, found.keypoints.shape[1]
    told = np.concatenate([outputs[role].ravel() for role in ("points", "iris") if role in outputs])
    for number in range(count):
        x, y = told[numbers * number : numbers * number + 2]
        # 200 x 100 pixels: stretched to the side, or as wide as it amid a border of a quarter of the side
        down = y * 100 / side if thing == "face" else (y - side / 4) * 200 / side
        assert found.keypoints[0, number, :2].tolist() == pytest.approx([x * 200 / side, down], abs=1e-3)
    assert count == {"face": 468, "hand": 21, "person": 33, "eye": 76}[thing]


def test_a_body_tells_how_visible_and_present_each_point_is():
    outputs = outputs_of("person")
    row = outputs["points"][0, :5] = [128, 128, 0, 1.5, 0.5]
    assert answer("person", outputs).keypoints[0, 0, 2] == pytest.approx(1 / (1 + math.exp(-row[4])))


def test_what_is_not_there_has_no_points():
    assert len(answer("hand", outputs_of("hand", score=0.49))) == 0
    found = answer("hand", outputs_of("hand", score=0.51))
    assert (found.names, found.scores.tolist()) == (["hand"], pytest.approx([0.51]))
    assert answer("eye", outputs_of("eye")).scores is None


def test_a_score_that_ends_in_a_plain_layer_is_a_logit():
    assert len(answer("face", outputs_of("face", score=-0.1), out1="linear")) == 0
    assert answer("face", outputs_of("face", score=2), out1="linear").scores[0] == pytest.approx(1 / (1 + math.exp(-2)))


def test_a_point_moves_to_the_middle_of_the_heat_around_it():
    heat = np.full((10, 12, 2), -20, np.float32)
    heat[4, 6], heat[4, 7], heat[4, 10] = 3, 1, 9  # the last is out of reach of a point in column 5
    first, second = 1 / (1 + math.exp(-3)), 1 / (1 + math.exp(-1))
    points = np.array([[5.5 / 12, 3.5 / 10], [-0.2, 0.5]], np.float32)
    found = refine_points(points, heat)
    assert found[0].tolist() == pytest.approx([(6 * first + 7 * second) / (first + second) / 12, 4 / 10], abs=1e-5)
    assert found[1].tolist() == points[1].tolist()  # it lies outside the map
    assert refine_points(points, np.full((10, 12, 2), -0.1, np.float32)).tolist() == points.tolist()  # hardly warm


def test_heat_of_a_body_is_used():
    outputs = outputs_of("person")
    outputs["points"][0, :2] = [128, 128]  # of 256: the middle cell of 64
    outputs["heat"][0, 32, 34, 0] = 9
    assert answer("person", outputs).keypoints[0, 0, :2].tolist() == pytest.approx(
        [34 / 64 * 200, 32 / 64 * 200 - 50], abs=0.01
    )


def test_tensors_of_something_else_are_refused():
    model = signature("hand")
    card = attrs.evolve(TASK.recognise(model), roles={"image": "image", "points": "out1", "presence": "out2"})
    with pytest.raises(TaskError, match="no landmarks of MediaPipe"):
        TASK.bind(card, model)


@conformance(check_task)
@pytest.mark.parametrize("thing", MODELS)
def test_keeps_the_promises_of_a_task(check, thing):
    check(TASK, signature(thing), outputs_of(thing), sample_frame())
