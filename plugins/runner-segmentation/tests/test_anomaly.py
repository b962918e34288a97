"""Anomalies: graphs with Anomalib's signatures through the engines, and maps by their tensors alone.

The graphs are made here, for no exported model is free to fetch; their numbers are worked out in the tests.
"""

import json

import attrs
import map_models
import numpy as np
import openvino
import pytest
from runner_segmentation.anomaly import LABELS, Anomaly
from runner_segmentation.regions import Parts, label_parts

from runner_core import open_brain
from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.results.inference import Inference
from runner_core.testing import check_task, conformance

TASK = Anomaly()
FRAME = Frame.from_array(np.zeros((48, 64, 3), np.uint8))
SIDE = 32
# One pixel a cell, so that nothing is resized: two defects, the lower the brighter.
PICTURE = np.full((SIDE, SIDE, 3), 51, np.uint8)
PICTURE[4:8, 10:20] = 153
PICTURE[20:30, 2:6] = 204
SOUND = np.full((SIDE, SIDE, 3), 51, np.uint8)
ENGINES = pytest.mark.parametrize("engine", ["onnx", "openvino"])

NAMED = {
    "pred_score": ((1,), "float32"), "pred_label": ((1,), "bool"),
    "anomaly_map": ((1, 1, SIDE, SIDE), "float32"), "pred_mask": ((1, 1, SIDE, SIDE), "bool"),
}  # fmt: skip
ROLES = {"pred_score": "score", "pred_label": "label", "anomaly_map": "map", "pred_mask": "mask"}


def mean_of(picture):
    return picture.astype(np.float64).mean(axis=2) / 255


def signature(*names, **metadata):
    image = TensorSpec("input", (1, 3, SIDE, SIDE), "float32")
    return Signature((image,), tuple(TensorSpec(name, *NAMED[name]) for name in names or NAMED), metadata)


def outputs_of(cells, score=0.9, *, roles=("score", "label", "map", "mask")):
    made = {
        "map": cells[None, None].astype(np.float32), "mask": (cells > 0.5)[None, None],
        "score": np.array([score], np.float32), "label": np.array([score > 0.5]),
    }  # fmt: skip
    return {role: made[role] for role in roles}


def answer_of(cells, score=0.9, roles=("score", "label", "map", "mask"), **changes):
    names = {role: name for name, role in ROLES.items()}
    card = Card("pc", "anomaly", roles={"image": "input"} | {role: names[role] for role in roles}, threshold=0.0)
    codec = TASK.bind(attrs.evolve(card, **changes), signature(*(names[role] for role in roles)))
    return codec.decode(outputs_of(cells, score, roles=roles), FRAME)


def spots(*areas):
    """SIDE x SIDE: each area, rows and columns, is as hot as it says."""
    cells = np.zeros((SIDE, SIDE))
    for top, bottom, left, right, level in areas:
        cells[top:bottom, left:right] = level
    return cells


TWO = spots((4, 8, 8, 16, 0.7), (16, 24, 16, 20, 0.9))


@conformance(check_task)
def test_a_task_on_anomalies(check):
    check(TASK, signature(), outputs_of(TWO), FRAME)


@ENGINES
def test_anomalib_2_without_a_card(tmp_path, engine):
    model = map_models.write_anomalib_2(tmp_path / "patchcore.onnx")
    with open_brain(model, engine=engine) as brain:
        assert brain.card.task == "anomaly"
        assert not brain.card.guesses
        found, sound = brain.predict(PICTURE), brain.predict(SOUND)
    wanted = mean_of(PICTURE)
    assert (found.task, found.verdict.label) == ("anomaly-detection", "anomalous")
    assert found.verdict.score == pytest.approx(0.8, abs=1e-5)
    assert found.pixel_map.array.dtype == np.float32
    assert np.abs(found.pixel_map.array - wanted).max() < 1e-5
    assert found.names == ["anomalous", "anomalous"]
    assert found.scores == pytest.approx([0.8, 0.6], abs=1e-5)
    assert found.boxes.tolist() == [[2, 20, 6, 30], [10, 4, 20, 8]]
    assert np.array_equal(found.masks[0].array | found.masks[1].array, wanted > 0.5)
    assert found.masks[1].area == 40
    assert (sound.verdict.label, sound.verdict.score, len(sound)) == ("normal", pytest.approx(0.2, abs=1e-5), 0)
    for answer in (found, sound):
        again = Inference.from_json(json.loads(json.dumps(answer.to_json())))
        assert again == answer
        assert again.pixel_map.array.tobytes() == answer.pixel_map.array.tobytes()


@ENGINES
def test_a_graph_that_takes_any_size_gets_that_of_its_map(tmp_path, engine):
    model = map_models.write_anomalib_2(tmp_path / "any.onnx", side=None)
    with open_brain(model, engine=engine) as brain:
        assert brain.card.picture.size == (SIDE, SIDE)
        found = brain.predict(np.kron(PICTURE, np.ones((3, 3, 1), np.uint8)))
    assert found.boxes.tolist() == [[6, 60, 18, 90], [30, 12, 60, 24]]


def test_a_threshold_that_nobody_says_is_a_guess(tmp_path):
    model = map_models.write_anomalib_2(tmp_path / "patchcore.onnx", told=False)
    with open_brain(model) as brain:
        assert [guess.about for guess in brain.card.guesses] == ["threshold"]
        assert brain.card.threshold == 0.5
        assert [len(brain.predict(PICTURE)), brain.predict(PICTURE).verdict.label] == [2, "anomalous"]
    with open_brain(model, conf=0.7) as brain:
        assert not brain.card.guesses
        assert len(brain.predict(PICTURE)) == 1
    with open_brain(model, conf=0.9) as brain:
        assert (len(brain.predict(PICTURE)), brain.predict(PICTURE).verdict.label) == (0, "normal")


@ENGINES
@pytest.mark.parametrize(
    "scales",
    [
        {"min": 2.0, "max": 42.0},
        {"anomaly_maps.min": 2.0, "anomaly_maps.max": 42.0, "pred_scores.min": 10, "pred_scores.max": 30},
    ],
    ids=["before 1.2", "1.2"],
)
def test_anomalib_1_is_normalised_by_what_lies_beside_it(tmp_path, engine, scales):
    model = map_models.write_anomalib_1(tmp_path / "model.onnx")
    data = {"task": "segmentation", "image_threshold": 28.0, "pixel_threshold": 26.0} | scales
    (tmp_path / "metadata.json").write_text(json.dumps(data))
    with open_brain(model, engine=engine) as brain:
        assert not brain.card.guesses
        found = brain.predict(PICTURE)
    raw = 40 * mean_of(PICTURE)
    image_scale = 20 if "pred_scores.min" in scales else 40
    assert np.abs(found.pixel_map.array - ((raw - 26) / 40 + 0.5).clip(0, 1)).max() < 1e-5
    assert found.verdict.score == pytest.approx((32 - 28) / image_scale + 0.5, abs=1e-5)
    assert found.verdict.label == "anomalous"
    assert found.boxes.tolist() == [[2, 20, 6, 30]]  # 24 does not reach 26


def test_an_ir_is_normalised_by_its_own_metadata(tmp_path):
    """As Anomalib 0 writes it: src/anomalib/deploy/export.py of version 0.7, ``_add_metadata_to_ir``."""
    model = openvino.convert_model(map_models.write_anomalib_1(tmp_path / "model.onnx"))
    told = {"model_type": "AnomalyDetection", "image_threshold": 28.0, "pixel_threshold": 26.0,
            "normalization_scale": 40.0, "labels": ["Normal", "Anomaly"], "mean_values": "0 0 0",
            "scale_values": "255 255 255", "reverse_input_channels": True}  # fmt: skip
    for key, value in told.items():
        model.set_rt_info(value, ["model_info", key])
    openvino.save_model(model, tmp_path / "ir.xml", compress_to_fp16=False)
    with open_brain(tmp_path / "ir.xml") as brain:
        found = brain.predict(PICTURE)
    assert (found.verdict.label, found.names) == ("Anomaly", ["Anomaly"])
    assert found.verdict.score == pytest.approx((32 - 28) / 40 + 0.5, abs=1e-5)
    assert found.scores == pytest.approx([(32 - 26) / 40 + 0.5], abs=1e-5)


def test_a_map_that_nothing_tells_of_is_no_anomaly(tmp_path):
    map_models.write_anomalib_1(tmp_path / "model.onnx")
    with pytest.raises(TaskError, match="no task recognises"):
        open_brain(tmp_path / "model.onnx")
    (tmp_path / "metadata.json").write_text('{"image_threshold": "NaN", "pixel_threshold": null}')
    with pytest.raises(TaskError, match="no task recognises"):
        open_brain(tmp_path / "model.onnx")


class TestRecognising:
    def test_what_model_api_writes(self):
        told = {"model_type": "AnomalyDetection", "image_threshold": "0.6", "pixel_threshold": "0.5",
                "normalization_scale": "2.5", "labels": "Normal\nAnomaly"}  # fmt: skip
        image = TensorSpec("input", (1, 3, SIDE, SIDE), "float32")
        card = TASK.recognise(Signature((image,), (TensorSpec("output", (1, 1, SIDE, SIDE), "float32"),), told))
        assert card.roles["map"] == "output"
        assert card.options == {
            "image_threshold": 0.6, "pixel_threshold": 0.5, "image_scale": 2.5, "pixel_scale": 2.5,
        }  # fmt: skip
        assert card.labels.names == ("Normal", "Anomaly")

    def test_a_score_and_a_label_are_enough(self):
        card = TASK.recognise(signature("pred_score", "pred_label"))
        assert card.roles == {"image": "input", "score": "pred_score", "label": "pred_label"}

    @pytest.mark.parametrize("names", [("pred_score",), ("pred_label",), ("pred_mask",)], ids=str)
    def test_less_is_not(self, names):
        assert TASK.recognise(signature(*names)) is None

    def test_numbers_of_another_version_are_not_taken(self):
        assert TASK.recognise(signature(image_threshold="28.0", pixel_threshold="26.0")).options == {}


class TestDecoding:
    def test_regions_lie_where_their_cells_do(self):
        answer = answer_of(TWO)
        assert answer.scores == pytest.approx([0.9, 0.7])
        assert answer.boxes.tolist() == [[32, 24, 40, 36], [16, 6, 32, 12]]
        assert answer.masks[1].array[9, 24]
        assert not answer.masks[1].array[30, 36]

    def test_the_letterbox_is_cut_off(self):
        cells = spots((0, 32, 0, 4, 0.8))
        spec = PictureSpec(size=(SIDE, SIDE), resize="letterbox", layout="nchw", dtype="float32")
        answer = answer_of(cells, picture=spec)
        assert answer.boxes.tolist() == [[0, 0, 8, 48]]
        assert answer.masks[0].area == 8 * 48

    def test_the_models_own_word_counts(self):
        """As it was exported with another threshold than a half."""
        card = Card("pc", "anomaly", roles={"image": "input"} | {role: name for name, role in ROLES.items()})
        codec = TASK.bind(attrs.evolve(card, threshold=0.0, labels=LABELS), signature())
        outputs = outputs_of(TWO, 0.4) | {"label": np.array([True]), "mask": (TWO > 0.8)[None, None]}
        answer = codec.decode(outputs, FRAME)
        assert (answer.verdict.label, len(answer)) == ("anomalous", 1)
        assert answer_of(TWO, 0.4).verdict.label == "class 0"

    def test_the_hottest_cell_is_the_score_where_none_is_given(self):
        answer = answer_of(TWO, roles=("map",))
        assert (answer.verdict.score, answer.verdict.model_id) == (pytest.approx(0.9), 1)

    def test_without_a_map_there_is_a_verdict_alone(self):
        answer = answer_of(TWO, roles=("score", "label"))
        assert (len(answer), answer.pixel_map, answer.verdict.model_id) == (0, None, 1)

    def test_the_hundred_hottest_regions_are_kept(self):
        noise = np.zeros((SIDE, SIDE))
        noise[::2, ::2] = np.linspace(0.6, 1, 256).reshape(16, 16)
        answer = answer_of(noise)
        assert len(answer) == 100
        assert answer.scores.min() == pytest.approx(np.sort(noise.ravel())[-100])

    def test_what_is_not_a_number_does_no_harm(self):
        broken = TWO.copy()
        broken[0, 0] = np.nan
        assert answer_of(broken, roles=("map",)).verdict.score == pytest.approx(0.9)
        assert answer_of(np.full((SIDE, SIDE), np.nan), roles=("map",)).verdict.score == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"options": {"pixel_threshold": "high"}}, TaskError),
        ({"options": {"image_threshold": 1.0, "image_scale": 0}}, TaskError),
        ({"options": {"image_threshold": True}}, TaskError),
        ({"labels": LabelMap.from_names("abc")}, LabelError),
    ],
    ids=str,
)
def test_wrong_cards_are_refused(changes, error):
    with pytest.raises(error):
        answer_of(TWO, **changes)


@pytest.mark.parametrize("roles", [("label",), ("mask",), ("score", "mask")], ids=str)
def test_a_card_without_a_map_needs_a_score_alone(roles):
    with pytest.raises(TaskError, match="no map"):
        answer_of(TWO, roles=roles)


class TestParts:
    def label_by_flooding(self, inside):
        """Cell by cell: what is reached from the first cell of a part, corners counting, has its number."""
        labels, number = np.zeros(inside.shape, int), 0
        for start in zip(*np.nonzero(inside), strict=True):
            if labels[start]:
                continue
            number, waiting = number + 1, [start]
            while waiting:
                row, column = waiting.pop()
                is_within = 0 <= row < len(inside) and 0 <= column < inside.shape[1]
                if is_within and inside[row, column] and not labels[row, column]:
                    labels[row, column] = number
                    waiting += [(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        return labels

    @pytest.mark.parametrize("share", [0, 0.2, 0.35, 0.5, 0.8, 1])
    @pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (30, 41)])
    def test_are_those_of_a_flood(self, share, shape):
        inside = np.random.default_rng(7).random(shape) < share
        found, wanted = label_parts(inside), self.label_by_flooding(inside)
        assert np.array_equal(found > 0, inside)
        pairs = set(zip(found[inside].tolist(), wanted[inside].tolist(), strict=True))
        assert len(pairs) == wanted.max() == found.max()

    def test_a_spiral_is_one(self):
        spiral = np.zeros((9, 9), bool)
        spiral[0], spiral[:, 8], spiral[8], spiral[2:, 0], spiral[2, :7], spiral[2:7, 6], spiral[6, 2:7] = [True] * 7
        assert label_parts(spiral).max() == 1

    def test_have_the_highest_number_in_them(self):
        heat = TWO.astype(np.float32)
        heat[5, 9] = 0.75
        parts = Parts.of(heat > 0, heat)
        assert parts.scores == pytest.approx([0.9, 0.75])
        assert parts.boxes.tolist() == [[16, 16, 20, 24], [8, 4, 16, 8]]
