"""RetinaFace, SCRFD and UltraFace: one face in made tensors, computed by hand."""

from itertools import product

import attrs
import numpy as np
import pytest
from runner_detection.anchors import SCHEMES
from runner_detection.boxes_scores import BoxesScores
from runner_detection.retinaface import RetinaFace
from runner_detection.retinaface import make_anchors as retinaface_anchors
from runner_detection.scrfd import STRIDES, Scrfd, count_rows
from runner_detection.ssd import Ssd

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import Frame
from runner_core.testing import check_task, conformance, sample_frame

TWICE = Frame.from_array(np.zeros((1280, 1280, 3), np.uint8))  # twice the input of 640 x 640


def signature(outputs, size=(640, 640), ends=None):
    image = TensorSpec("image", (1, 3, size[1], size[0]), "float32")
    specs = tuple(TensorSpec(name, shape, "float32") for name, shape in outputs.items())
    return Signature((image,), specs, ends=ends or {})


RETINAFACE = signature({"a": (1, 16800, 4), "b": (1, 16800, 2), "c": (1, 16800, 10)})
LENGTHS = {"scores": 1, "boxes": 4, "points": 10}


def scrfd(points=True, batch=(1,)):
    counts = count_rows((640, 640))
    wanted = {part: length for part, length in LENGTHS.items() if points or part != "points"}
    shapes = product(wanted.items(), enumerate(counts))
    return signature({f"{part}{number}": (*batch, rows, length) for (part, length), (number, rows) in shapes})


def zeros(card, model):
    specs = {spec.name: spec for spec in model.outputs}
    return {role: np.zeros(specs[name].shape, np.float32) for role, name in card.roles.items() if name in specs}


def test_retinaface_is_read_by_the_formula():
    card = RetinaFace().recognise(RETINAFACE)
    assert (card.picture.colour, card.picture.mean) == ("bgr", (104.0, 117.0, 123.0))
    assert [guess.about for guess in card.guesses] == ["anchors"], "which sides they have, no file tells"
    outputs = zeros(card, RETINAFACE)
    row = 2 * (80 * 3 + 5) + 1  # the larger anchor, of 32 pixels, of the cell in line 3, column 5 of stride 8
    outputs["boxes"][0, row] = [1, -1, np.log(2) / 0.2, 0]
    outputs["scores"][0, row] = [0.1, 0.9]
    outputs["points"][0, row] = [1, 0, *[0] * 8]
    found = RetinaFace().bind(card, RETINAFACE).decode(outputs, TWICE)
    x, y = 5.5 * 8 + 0.1 * 32, 3.5 * 8 - 0.1 * 32
    assert found.boxes[0] == pytest.approx([2 * (x - 32), 2 * (y - 16), 2 * (x + 32), 2 * (y + 16)], abs=1e-3)
    assert found.keypoints[0, 0] == pytest.approx([2 * (5.5 * 8 + 3.2), 2 * 3.5 * 8, 0.9], abs=1e-3)


def test_retinafaces_columns_may_stand_in_one_table():
    table = signature({"faces": (1, 16800, 16)})
    whole, card = RetinaFace().recognise(RETINAFACE), RetinaFace().recognise(table)
    assert card.roles["faces"] == "faces"
    assert RetinaFace().recognise(signature({"faces": (1, None, 16)})) is None
    outputs = zeros(whole, RETINAFACE)
    outputs["boxes"][0, 700] = [1, -1, 0.5, 0.25]
    outputs["points"][0, 700] = range(10)
    outputs["scores"][0, 700] = [-1, 3]
    one = {"faces": np.concatenate([outputs[role] for role in ("boxes", "scores", "points")], axis=2)}
    apart = attrs.evolve(whole, options={**whole.options, "activation": "softmax"})
    wanted = RetinaFace().bind(apart, RETINAFACE).decode(outputs, TWICE)
    found = RetinaFace().bind(card, table).decode(one, TWICE)
    assert len(found) == 1
    assert (found.boxes.tolist(), found.scores.tolist()) == (wanted.boxes.tolist(), wanted.scores.tolist())
    assert found.keypoints.tolist() == wanted.keypoints.tolist()
    one["faces"][..., 4:6] = [1, 0]
    one["faces"][0, 700, 4:6] = [0.3, 0.7]  # pairs that sum to 1 are probabilities
    assert RetinaFace().bind(card, table).decode(one, TWICE).scores.tolist() == pytest.approx([0.7])


def test_a_fork_of_retinaface_is_known_by_the_names_of_its_outputs():
    fork = signature({"bboxes": (1, 16800, 4), "confs": (1, 16800, 2), "lmks": (1, 16800, 10)})
    card = RetinaFace().recognise(fork)
    assert card.options["sides"] == [10, 20, 32, 64, 128, 256]
    assert any("10 to 256 pixels" in guess.text for guess in card.guesses)
    assert "sides" not in RetinaFace().recognise(RETINAFACE).options


def test_retinafaces_anchors_for_a_size_that_is_no_multiple():
    """Of 100 pixels in strides of 32 there are four cells, whose middles stay 32 pixels apart."""
    anchors = retinaface_anchors((100, 64))[-16:]
    assert anchors[::2, 0][:4] * 100 == pytest.approx([16, 48, 80, 112], abs=1e-3)


def test_retinafaces_anchors_may_have_other_sides():
    card = RetinaFace().recognise(RETINAFACE)
    sides = {"sides": [10, 20, 32, 64, 128, 256]}
    codec = RetinaFace().bind(attrs.evolve(card, options={**card.options, **sides}), RETINAFACE)
    assert codec.anchors[:2, 2] * 640 == pytest.approx([10, 20])
    with pytest.raises(TaskError, match="sides"):
        RetinaFace().bind(attrs.evolve(card, options={"sides": [1, 2]}), RETINAFACE)


@pytest.mark.parametrize(("ends", "activation"), [({}, "none"), ({"a": "linear", "b": "linear"}, "softmax")])
def test_retinafaces_scores_are_what_the_graph_ends_in(ends, activation):
    assert RetinaFace().recognise(attrs.evolve(RETINAFACE, ends=ends)).options["activation"] == activation
    assert RetinaFace().recognise(attrs.evolve(RETINAFACE, ends={"b": "softmax"})) is None, "its boxes are decoded"


@pytest.mark.parametrize("points", [True, False])
@pytest.mark.parametrize("batch", [(1,), ()])
def test_scrfd_is_read_by_the_formula(points, batch):
    model = scrfd(points, batch)
    if not batch:
        with_axis = scrfd(points)
        assert Scrfd().recognise(with_axis) is not None
        return
    card = Scrfd().recognise(model)
    assert card.guesses == ()
    outputs = zeros(card, model)
    row = 2 * (40 * 2 + 7)  # line 2, column 7 of stride 16
    outputs["scores_16"][0, row] = 0.8
    outputs["boxes_16"][0, row] = [1, 2, 3, 4]
    if points:
        outputs["points_16"][0, row] = [0.5, 0.5, *[0] * 8]
    found = Scrfd().bind(card, model).decode(outputs, TWICE)
    assert found.boxes[0] == pytest.approx([2 * (112 - 16), 2 * (32 - 32), 2 * (112 + 48), 2 * (32 + 64)])
    assert (found.keypoints is not None) == points
    if points:
        assert found.keypoints[0, 0] == pytest.approx([2 * 120, 2 * 40, 0.8])
        assert len(STRIDES) == 3


def test_scrfd_of_another_size_is_refused():
    model = scrfd()
    smaller = attrs.evolve(model, inputs=(TensorSpec("image", (1, 3, 320, 320), "float32"),))
    assert Scrfd().recognise(smaller) is None
    with pytest.raises(TaskError):
        Scrfd().bind(attrs.evolve(Scrfd().recognise(model), picture=None), smaller)


def ultraface(end):
    return signature({"scores": (1, 4420, 2), "boxes": (1, 4420, 4)}, (320, 240), ends={"scores": "softmax", **end})


def test_ultraface_comes_decoded_or_as_offsets():
    raw, decoded = ultraface({"boxes": "linear"}), ultraface({})
    assert BoxesScores().recognise(raw) is None
    assert Ssd().recognise(decoded) is None
    cards = Ssd().recognise(raw), BoxesScores().recognise(decoded)
    for card in cards:
        assert (card.guesses, card.labels.names, card.threshold) == ((), ("face",), 0.7)
        assert (card.picture.mean[0], card.picture.std[0]) == (127.0, 128.0)
    codec = Ssd().bind(cards[0], raw)
    outputs = zeros(cards[0], raw)
    outputs["scores"][0, 4] = [0.1, 0.9]  # the middle anchor, of 16 pixels, of the second cell
    outputs["boxes"][0, 4] = [1, 0, 0, 0]
    found = codec.decode(outputs, Frame.from_array(np.zeros((240, 320, 3), np.uint8)))
    assert found.boxes[0] == pytest.approx([12 + 1.6 - 8, 0, 12 + 1.6 + 8, 12], abs=1e-3)
    assert len(SCHEMES["ultraface-640"].make()) == 17640


@pytest.fixture(params=["retinaface", "scrfd"])
def family(request):
    return {"retinaface": (RetinaFace(), RETINAFACE), "scrfd": (Scrfd(), scrfd())}[request.param]


@conformance(check_task)
def test_keeps_the_promises_of_a_task(check, family):
    task, model = family
    outputs = zeros(task.recognise(model), model)
    for role, table in outputs.items():
        table[0, 300] = 0.9 if "scores" in role else 1.0
    check(task, model, outputs, sample_frame())
