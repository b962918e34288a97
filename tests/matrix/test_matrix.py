"""Every installed engine with every real model that it opens, by task; and the engines of a model with each other."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import PurePath

import attrs
import numpy as np
import pytest
from agreement import assert_agree

from runner_core.agreement import Agreement, Tolerance, compare
from runner_core.errors import EngineError
from runner_core.frame import Frame
from runner_core.project import open_brain
from runner_core.registry import registry

FLOAT = Tolerance(iou=0.999, score=1e-3, pixels=0.999, keypoints=1e-3)
QUANTISED = Tolerance(iou=0.9, score=0.1, pixels=0.98, keypoints=0.03)  # LiteRT computes in whole numbers, others not

# Picture handling and sorting out of boxes: a graph that does these by itself runs on the engine it was made for alone.
INSIDE = {"CombinedNonMaxSuppression", "DecodeImage", "ScaleAndTranslate", "NonMaxSuppressionV5"}


@attrs.frozen
class Model:
    """A model of the test data, and how near its engines must come: to each other, to the shares in expected.json."""

    name: str
    labels: str | None
    near: Tolerance = FLOAT
    share: float = 0.03
    lacks: str = ""  # why it does not reach expected.json yet

    @property
    def engines(self) -> list[str]:
        form = PurePath(self.name).suffix or "saved-model"
        return [name for name, found in registry().all("engines").items() if form in found.plugin.claims]


ONE_TAP = "its card asks for two taps an axis, the graphs that expected.json comes from average when they shrink"
MODELS = [
    Model("fastestdet_coco_tf1_encoded_image_string_tensor.pb", "coco80.pbtxt"),
    Model("fastestdet_coco_tf1_image_tensor.pb", "coco80.pbtxt"),
    Model("fastestdet_coco_savedmodel", "coco80.pbtxt"),
    Model("fastestdet_coco.onnx", "coco80.txt", lacks=ONE_TAP),
    Model("deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb", "pascal_voc_segmentation_labels.txt"),
    Model("deeplabv3_mnv2_dm05_pascal_quant.tflite", "pascal_voc_segmentation_labels.txt", QUANTISED, share=0.05),
    Model("mobilenet_v2_1.0_224_quant.tflite", "imagenet_labels.txt", QUANTISED),
    Model("movenet_single_pose_lightning_ptq.tflite", None, QUANTISED),
]


def cases(*, lacking: bool):
    """(model, engine) for whatever is installed; where ``lacking``, those known to fall short must do so."""
    for model in MODELS:
        marks = [pytest.mark.xfail(strict=True, raises=AssertionError, reason=model.lacks)] if model.lacks else []
        for engine in model.engines:
            yield pytest.param(model, engine, id=f"{engine}-{model.name}", marks=marks if lacking else ())


def pairs():
    for model in MODELS:
        for pair in combinations(model.engines, 2):
            yield pytest.param(model, pair, id=f"{'-'.join(pair)}-{model.name}")


@pytest.fixture(scope="module")
def expected(testdata):
    return json.loads((testdata / "expected.json").read_text())


@pytest.fixture(scope="module")
def answers(testdata, expected):
    """``answers(model, engine)``: picture -> Inference, and the threshold; or the EngineError of who refuses it."""
    known = {}

    def ask(model, engine):
        labels = model.labels and testdata / "models" / model.labels
        try:
            with open_brain(testdata / "models" / model.name, engine=engine, labels=labels) as brain:
                frames = {name: Frame.from_path(testdata / "pictures" / name) for name in expected}
                return {name: brain.infer(frame) for name, frame in frames.items()}, brain.card.threshold
        except EngineError as error:
            return error

    def cached(model, engine):
        if (model.name, engine) not in known:
            known[model.name, engine] = ask(model, engine)
        return known[model.name, engine]

    return cached


def judge_detection(model, name, told, wanted):
    assert_agree([attrs.asdict(row) for row in told.instances], wanted["detections"], least=0.9, score=0.03)


def judge_segmentation(model, name, told, wanted):
    assert told.class_map.shape == told.size[::-1]
    shares = {label.name: float(np.mean(told.class_map == label.model_id)) for label in told.found}
    # of the quantised networks, this picture of 128 x 128, four times enlarged, moves by more than the others do
    near = model.share if name == "dog_segmentation.bmp" else min(model.share, 0.03)
    for label in shares.keys() | wanted["segmentation_share"].keys():
        there = wanted["segmentation_share"].get(label, 0)
        assert shares.get(label, 0) == pytest.approx(there, abs=near), (name, label)


def judge_classes(model, name, told, wanted):
    assert told.names[0] == wanted["classes"][0][0], name


def judge_keypoints(model, name, told, wanted):
    """One person doing squats is in a picture: 17 points, the head above the hips, these above the ankles."""
    if name != "squat.bmp":
        return
    assert told.names == ["person"]
    points = told.keypoints[0]
    assert points.shape == (17, 3)
    x1, y1, x2, y2 = next(row["box"] for row in wanted["detections"] if row["label"] == "person")
    margin = 0.1 * max(told.size)
    assert (points[:, :2] >= [x1 - margin, y1 - margin]).all()
    assert (points[:, :2] <= [x2 + margin, y2 + margin]).all()
    nose, hips, ankles = points[0, 1], points[11:13, 1].mean(), points[15:17, 1].mean()
    assert nose < hips < ankles


JUDGES = {
    "object-detection": judge_detection,
    "semantic-segmentation": judge_segmentation,
    "classification": judge_classes,
    "keypoints": judge_keypoints,
}


def test_every_model_of_the_test_data_is_here(testdata):
    there = {entry.name for entry in (testdata / "models").iterdir() if entry.suffix not in (".txt", ".pbtxt", ".md")}
    assert {model.name for model in MODELS} == there


@pytest.mark.parametrize(("model", "engine"), list(cases(lacking=True)))
def test_an_engine_gives_what_was_expected_or_names_what_it_cannot_hold(model, engine, answers, expected):
    told = answers(model, engine)
    if isinstance(told, EngineError):
        assert set(re.findall(r"\w+", told.message)) & INSIDE, told
        return
    for name, wanted in expected.items():
        inference = told[0][name]
        assert inference.engine == engine
        assert list(inference.size) == wanted["size"]
        JUDGES[inference.task](model, name, inference, wanted)


@pytest.mark.parametrize(("model", "engine"), [case for case in cases(lacking=False) if case.values[0].lacks])
def test_what_falls_short_still_finds_the_plain_things(model, engine, answers, expected):
    """Nearly all large things of the pictures that are hardly shrunk."""
    told, _ = answers(model, engine)
    for name in ("squat.bmp", "football.jpg"):
        assert told[name].names[0] == expected[name]["detections"][0]["label"], name


@pytest.mark.parametrize(("model", "engines"), list(pairs()))
def test_two_engines_agree(model, engines, answers):
    one, other = (answers(model, engine) for engine in engines)
    refused = [engine for engine, told in zip(engines, (one, other), strict=True) if isinstance(told, EngineError)]
    if refused:
        pytest.skip(f"{refused[0]} cannot hold it")
    near = attrs.evolve(model.near, threshold=one[1])
    each = {name: compare(told, other[0][name], near) for name, told in one[0].items()}
    total = Agreement.total(each.values())
    print(f"{model.name}: {' - '.join(engines)}: {total}")
    assert total.ok, "\n".join(f"{name}: {found}" for name, found in each.items())
    assert total.matched or total.pixels
