"""Mattes: real graphs through the engines, against numbers worked out here; and planes by their tensors alone."""

import json

import attrs
import map_models
import numpy as np
import onnx_models
import pytest
from PIL import Image
from runner_segmentation.matte import Matte

from runner_core import open_brain
from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.results.inference import Inference
from runner_core.tasks import ASKED
from runner_core.testing import check_task, conformance

TASK = Matte()
FRAME = Frame.from_array(np.zeros((48, 64, 3), np.uint8))
SIDE = 32
# One pixel a cell, so that nothing is resized: bright in the middle of the right half.
PICTURE = np.full((SIDE, SIDE, 3), 40, np.uint8)
PICTURE[8:24, 16:] = 220
PICTURE[12:16, 20:24] = 130
ENGINES = pytest.mark.parametrize("engine", ["onnx", "openvino"])


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def logits_of(picture):
    """What ``write_matte`` computes of a picture from 0 to 1."""
    return (picture.astype(np.float64).mean(axis=2) / 255 - 0.5) * map_models.STEEPNESS


def plane(*shape, name="plane", dtype="float32"):
    return TensorSpec(name, shape or (1, 1, SIDE, SIDE), dtype)


def signature(*outputs, end="sigmoid", **metadata):
    image = TensorSpec("image", (1, 3, SIDE, SIDE), "float32")
    return Signature((image,), outputs, metadata, ends={spec.name: end for spec in outputs})


def answer_of(cells, frame=FRAME, **changes):
    card = Card("parts", "matte", roles={"image": "image", "matte": "plane"}, threshold=0.0)
    return TASK.bind(attrs.evolve(card, **changes), signature(plane(*cells.shape))).decode({"matte": cells}, frame)


@conformance(check_task)
def test_a_task_on_mattes(check):
    cells = np.zeros((1, 1, SIDE, SIDE), np.float32)
    cells[..., 4:20, 8:] = 0.9
    check(TASK, signature(plane()), {"matte": cells}, FRAME)


@ENGINES
def test_a_matte_without_a_card(tmp_path, engine):
    model = map_models.write_matte(tmp_path / "modnet.onnx")
    with open_brain(model, engine=engine, range="0..1") as brain:
        assert (brain.card.task, brain.card.options) == ("matte", {})
        assert "kind" in {guess.about for guess in brain.card.guesses}
        found = brain.predict(PICTURE)
    wanted = sigmoid(logits_of(PICTURE))
    assert found.task == "matting"
    assert found.pixel_map.kind == "alpha"
    assert found.pixel_map.array.dtype == np.uint8
    assert np.abs(found.pixel_map.array - wanted * 255).max() <= 0.5 + 1e-3
    assert found.names == ["foreground"]
    assert np.array_equal(found.masks[0].array, wanted > 0.5)
    assert found.boxes.tolist() == [[16, 8, 32, 24]]
    assert found.scores[0] == pytest.approx(wanted[wanted > 0.5].mean(), abs=0.002)
    assert Inference.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert np.array_equal(np.asarray(found.cutout())[..., 3], found.pixel_map.array)


@ENGINES
def test_stages_are_spread_as_u2net_does(tmp_path, engine):
    model = map_models.write_matte(tmp_path / "u2net.onnx", [f"d{number}" for number in range(7)])
    with open_brain(model, engine=engine, range="0..1") as brain:
        assert (brain.card.roles["matte"], brain.card.options) == ("d0", {"spread": True})
        assert any("U2-Net" in note for note in brain.card.notes)
        found = brain.predict(PICTURE)
    first = sigmoid(logits_of(PICTURE))
    wanted = (first - first.min()) / (first.max() - first.min())
    assert np.abs(found.pixel_map.array - wanted * 255).max() <= 0.5 + 1e-3
    assert (found.pixel_map.array.min(), found.pixel_map.array.max()) == (0, 255)


@ENGINES
@pytest.mark.parametrize("size", [(32, 48), (20, 1024)])
def test_robust_video_matting_mattes_each_picture_by_itself(tmp_path, engine, size):
    picture = np.full((*size, 3), 60, np.uint8)
    picture[4:16, 8:40] = 240
    with open_brain(map_models.write_rvm(tmp_path / "rvm.onnx"), engine=engine) as brain:
        assert brain.card.picture.size is None
        assert not brain.card.guesses
        found, again = brain.predict(picture), brain.predict(picture)
    wanted = picture.mean(axis=2) * min(512 / max(size), 1)
    assert np.abs(found.pixel_map.array - wanted).max() <= 0.5 + 1e-3
    assert again.pixel_map == found.pixel_map
    assert [mask.area for mask in found.masks] == ([12 * 32] if max(size) < 512 else [])


def test_it_is_a_class_map_where_that_is_asked_for(tmp_path):
    model = map_models.write_matte(tmp_path / "modnet.onnx")
    with open_brain(model, task="semantic-segmentation", range="0..1") as brain:
        found = brain.predict(PICTURE)
    assert found.pixel_map is None
    assert np.array_equal(found.class_map == 1, sigmoid(logits_of(PICTURE)) > 0.5)


def test_a_run_keeps_it_and_a_replay_draws_it(runner, tmp_path):
    model = map_models.write_matte(tmp_path / "modnet.onnx")
    (tmp_path / "in").mkdir()
    Image.fromarray(PICTURE).save(tmp_path / "in" / "a.png")
    done = runner("run", "in", "--brain", f"{model}?range=0..1", "--sink", "jsonl:out.jsonl", "--sink", "images:drawn/")
    assert done.returncode == 0, done.stderr
    line = (tmp_path / "out.jsonl").read_text().splitlines()[0]
    kept = Inference.from_json(json.loads(line)["inferences"][0], size=json.loads(line)["size"])
    assert np.abs(kept.pixel_map.array - sigmoid(logits_of(PICTURE)) * 255).max() <= 0.5 + 1e-3
    done = runner("replay", "out.jsonl", "--pictures", "in", "--sink", "images:again/")
    assert done.returncode == 0, done.stderr
    drawn, again = (np.asarray(Image.open(tmp_path / folder / "a.png")) for folder in ("drawn", "again"))
    assert not np.array_equal(drawn, PICTURE)
    assert np.array_equal(drawn, again)


def test_in_a_crop_it_leaves_its_mask(tmp_path):
    first = open_brain(onnx_models.write_detector(tmp_path / "two"))
    with first, open_brain(map_models.write_matte(tmp_path / "modnet.onnx"), range="0..1") as second:
        found = first.then(second).infer(Frame.from_array(np.full((96, 128, 3), 200, np.uint8)))
    assert len(found) > 0
    assert found.pixel_map is None
    assert {mask.shape for mask in found.masks} == {(96, 128)}


RVM = Signature(
    (TensorSpec("src", (None, 3, None, None), "float32"),
     *(TensorSpec(f"r{number}i", (None,) * 4, "float32") for number in range(1, 5)),
     TensorSpec("downsample_ratio", (1,), "float32")),
    (TensorSpec("fgr", (None, 3, None, None), "float32"), TensorSpec("pha", (None, 1, None, None), "float32")),
)  # fmt: skip


@conformance(check_task)
def test_a_task_on_states(check):
    cells = np.zeros((1, 1, 48, 64), np.float32)
    cells[..., 4:20, 8:] = 0.9
    check(TASK, RVM, {"matte": cells}, FRAME)


def test_a_card_of_states_needs_no_picture():
    card = attrs.evolve(TASK.recognise(RVM), picture=None)
    assert TASK.bind(card, RVM).encode(FRAME)["image"].shape == (1, 3, 48, 64)
    with pytest.raises(TaskError, match="state2"):
        TASK.bind(attrs.evolve(card, roles={"image": "src", "matte": "pha", "state1": "r1i"}), RVM)


class TestRecognising:
    def test_a_plane_that_ends_in_a_sigmoid(self):
        card = TASK.recognise(signature(plane()))
        assert card.roles == {"image": "image", "matte": "plane"}
        assert [guess.by for guess in card.guesses if guess.about == "kind"] == [("task",)]

    @pytest.mark.parametrize("name", ["pha", "matte", "alpha", "alphas"])
    def test_a_plane_by_its_name(self, name):
        model = signature(plane(1, 3, SIDE, SIDE, name="fgr"), plane(name=name), end="")
        card = TASK.recognise(model)
        assert (card.roles["matte"], card.options) == (name, {})
        assert "kind" not in {guess.about for guess in card.guesses}

    @pytest.mark.parametrize(
        "model",
        [
            signature(plane(), end="linear"),  # depths
            signature(plane(1, 2, SIDE, SIDE)),
            signature(plane(1, 3, SIDE, SIDE)),  # a picture
            signature(plane(), plane(1, 1, 8, 16, name="other")),
            signature(plane(), task="depth"),
            signature(plane(), **{ASKED: "semantic-segmentation"}),
            signature(plane(dtype="int64", name="alpha"), end=""),
            signature(),
            attrs.evolve(RVM, inputs=RVM.inputs[:-1]),
            attrs.evolve(RVM, inputs=(attrs.evolve(RVM.inputs[0], name="second"), *RVM.inputs)),
            attrs.evolve(RVM, outputs=RVM.outputs[:1]),
        ],
        ids=str,
    )
    def test_others_are_passed_over(self, model):
        assert TASK.recognise(model) is None

    def test_labels_of_the_metadata(self):
        assert TASK.recognise(signature(plane(), labels="background\nperson")).labels.name(1) == "person"
        assert TASK.recognise(signature(plane(), labels="person")).labels.name(1) == "person"
        wrong = TASK.recognise(signature(plane(), labels="a\nb\nc\nd"))
        assert wrong.labels.name(1) == "foreground"


class TestDecoding:
    CELLS = np.tile(np.linspace(0, 1, SIDE, dtype=np.float32), (SIDE, 1))[None, None]

    def test_the_letterbox_is_cut_off(self):
        cells = np.ones((1, 1, SIDE, SIDE), np.float32)
        cells[..., 4:28, :16] = 0  # 64 x 48 lies in rows 4 to 28
        answer = answer_of(cells, picture=letterboxed())
        assert answer.pixel_map.array.shape == (48, 64)
        assert answer.boxes.tolist()[0][2:] == [64, 48]
        assert answer.masks[0].array[24].sum() == 32

    def test_logits_go_through_a_sigmoid(self):
        logits = (self.CELLS - 0.5) * 12
        assert np.abs(levels_of(logits) - np.rint(sigmoid(logits[0, 0]) * 255)).max() <= 1
        assert answer_of(logits) == answer_of(logits, options={"activation": "sigmoid"})
        assert answer_of(logits) != answer_of(logits, options={"activation": "none"})

    def test_the_mask_is_what_is_at_least_half_foreground(self):
        answer = answer_of(self.CELLS, Frame.from_array(np.zeros((SIDE, SIDE, 3), np.uint8)))
        assert np.array_equal(answer.masks[0].array, self.CELLS[0, 0] >= 0.5)

    def test_spreading_nothing_finds_nothing(self):
        flat = answer_of(np.full((1, 1, SIDE, SIDE), 0.7, np.float32), options={"spread": True})
        assert (len(flat), flat.pixel_map.array.max()) == (0, 0)

    def test_axes_of_one_make_no_difference(self):
        plain = answer_of(self.CELLS)
        assert answer_of(self.CELLS[0]) == plain
        assert answer_of(self.CELLS[0, ..., None]) == plain

    def test_a_row_below_the_threshold_goes_and_the_matte_stays(self):
        cells = np.full((1, 1, SIDE, SIDE), 0.6, np.float32)
        assert len(answer_of(cells)) == 1
        strict = answer_of(cells, threshold=0.7)
        assert len(strict) == 0
        assert strict.pixel_map == answer_of(cells).pixel_map

    def test_what_is_not_a_number_does_no_harm(self):
        broken = self.CELLS.copy()
        broken[0, 0, 3, 3] = np.nan
        answer_of(broken)


def letterboxed():
    return PictureSpec(size=(SIDE, SIDE), resize="letterbox", layout="nchw", dtype="float32")


def levels_of(cells):
    return answer_of(cells, Frame.from_array(np.zeros((SIDE, SIDE, 3), np.uint8))).pixel_map.array.astype(float)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"options": {"spread": "yes"}}, TaskError, "spread"),
        ({"options": {"activation": "softmax"}}, TaskError, "activation"),
        ({"labels": LabelMap.from_names("abc")}, LabelError, "labels"),
        ({"picture": attrs.evolve(letterboxed(), resize="crop")}, TaskError, "crop"),
    ],
    ids=str,
)
def test_wrong_cards_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        answer_of(TestDecoding.CELLS, **changes)


def test_a_plane_of_another_shape_is_refused():
    with pytest.raises(TaskError, match="matte is"):
        answer_of(np.zeros((1, 1, 16, 100), np.float32))
