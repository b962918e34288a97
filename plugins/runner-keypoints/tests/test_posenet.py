"""PoseNet's heat maps and offsets; random numbers stand for a network's."""

import attrs
import numpy as np
import pytest
from runner_keypoints.posenet import PoseNet

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import place_picture
from runner_core.results.inference import Inference
from runner_core.testing import check_task, conformance

SIDE, CELLS, COUNT = 257, 9, 17
FRAME = Frame.from_array(np.zeros((90, 160, 3), np.uint8))
TASK = PoseNet()


def signature(*channels: int, cells: tuple[int | None, int | None] = (CELLS, CELLS), first: bool = False) -> Signature:
    shapes = [(1, count, *cells) if first else (1, *cells, count) for count in channels or (17, 34)]
    image = (1, 3, SIDE, SIDE) if first else (1, SIDE, SIDE, 3)
    outputs = tuple(TensorSpec(f"out{place}", shape, "float32") for place, shape in enumerate(shapes))
    return Signature((TensorSpec("image", image, "float32"),), outputs)


def drafted(model: Signature, **changes: object) -> Card:
    card = TASK.recognise(model)
    assert card is not None
    return attrs.evolve(card, name="person", **changes)


def outputs_of(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    heat = rng.normal(-4, 1, (1, CELLS, CELLS, COUNT))
    for keypoint, (y, x) in enumerate(rng.integers(3, 6, (COUNT, 2))):
        heat[0, y, x, keypoint] = rng.uniform(1, 4)
    offsets = rng.uniform(-16, 16, (1, CELLS, CELLS, 2 * COUNT))
    return {"heatmaps": heat.astype(np.float32), "offsets": offsets.astype(np.float32)}


def answer(outputs: dict[str, np.ndarray], model: Signature | None = None, **changes: object) -> Inference:
    model = model or signature()
    return TASK.bind(drafted(model, **changes), model).decode(outputs, FRAME)


def reference(outputs: dict[str, np.ndarray]) -> np.ndarray:
    """K x 3 by the definition, a keypoint at a time."""
    placement = place_picture(FRAME.size, PictureSpec(size=(SIDE, SIDE), resize="letterbox"))
    heat, offsets = outputs["heatmaps"][0].astype(np.float64), outputs["offsets"][0].astype(np.float64)
    points = []
    for keypoint in range(COUNT):
        y, x = max(((y, x) for y in range(CELLS) for x in range(CELLS)), key=lambda at: heat[at][keypoint])
        down, right = y * 32 + offsets[y, x, keypoint], x * 32 + offsets[y, x, keypoint + COUNT]
        points.append([
            (right - placement.offset[0]) / placement.scale[0],
            (down - placement.offset[1]) / placement.scale[1],
            1 / (1 + np.exp(-heat[y, x, keypoint])),
        ])  # fmt: skip
    return np.array(points)


@conformance(check_task)
def test_task(check):
    check(TASK, signature(), outputs_of(), FRAME)


@pytest.mark.parametrize("seed", range(3))
def test_the_answer_is_that_of_the_definition(seed):
    wanted, found = reference(outputs_of(seed)), answer(outputs_of(seed))
    assert np.allclose(found.keypoints[0], wanted, atol=1e-3)
    assert found.scores[0] == pytest.approx(wanted[:, 2].mean(), abs=1e-5)
    assert found.names == ["person"]


def test_channels_may_come_first():
    turned = {role: tensor.transpose(0, 3, 1, 2).copy() for role, tensor in outputs_of().items()}
    found = answer(turned, signature(first=True))
    assert np.array_equal(found.keypoints, answer(outputs_of()).keypoints)


def test_heat_may_be_probabilities():
    outputs = outputs_of()
    outputs["heatmaps"] = 1 / (1 + np.exp(-outputs["heatmaps"]))
    assert np.allclose(answer(outputs).keypoints, answer(outputs_of()).keypoints, atol=1e-4)
    twice = answer(outputs, options={"activation": "sigmoid"})
    assert (twice.scores < 0.8).all()
    assert (twice.scores > 0.5).all()


def test_other_outputs_beside_them_are_left_alone():
    assert set(drafted(signature(17, 34, 64, 1)).roles.values()) == {"image", "out0", "out1"}
    assert drafted(signature(34, 17)).roles["heatmaps"] == "out1"


def test_no_guess_is_silent():
    assert {guess.about for guess in drafted(signature()).guesses} == {"range", "colour", "resize"}


@pytest.mark.parametrize("channels", [(17,), (34,), (17, 32), (17, 17, 34), (21, 42)])
def test_others_are_passed_over(channels):
    assert TASK.recognise(signature(*channels)) is None


def test_free_sides_are_those_of_the_answer():
    model = signature(cells=(None, None))
    assert np.array_equal(answer(outputs_of(), model).keypoints, answer(outputs_of()).keypoints)


def test_maps_that_do_not_belong_together_are_refused():
    model = signature(17, 34, 17)
    card = attrs.evolve(drafted(signature()), roles={"image": "image", "heatmaps": "out0", "offsets": "out2"})
    with pytest.raises(TaskError, match="not heat maps and offsets"):
        TASK.bind(card, model)
