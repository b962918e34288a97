"""Every installed engine with every real model that it opens, by task; and all that run one network with each other."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import PurePath

import attrs
import numpy as np
import pytest
from comparison import assert_agree

from runner_core.discovery.registry import get_registry
from runner_core.errors import EngineError
from runner_core.frames.frame import Frame
from runner_core.project import open_brain
from runner_core.results.compare import Comparison, Tolerance, compare_inferences

FLOAT = Tolerance(iou=0.999, score=1e-3, pixels=0.999, keypoints=1e-3)
QUANTISED = Tolerance(iou=0.9, score=0.1, pixels=0.98, keypoints=0.03)  # LiteRT computes in whole numbers, others not
# A box is around the points that reach the threshold: one that only just does in one engine moves a side.
POSE = attrs.evolve(QUANTISED, iou=0.6)
FORMS = Tolerance(iou=0.9, score=0.03, pixels=0.96)  # one is resized in its graph, or quantised, and the other is not

# Picture handling and sorting out of boxes: a graph that does these by itself runs on the engine it was made for alone.
INSIDE = {"CombinedNonMaxSuppression", "DecodeImage", "ScaleAndTranslate", "NonMaxSuppressionV5"}


@attrs.frozen
class Model:
    """A model of the test data, and how near its engines must come to each other; several may be of one network."""

    name: str
    network: str
    labels: str | None
    near: Tolerance = FLOAT

    @property
    def engines(self) -> list[str]:
        form = PurePath(self.name).suffix or "saved-model"
        return [name for name, found in get_registry().all("engines").items() if form in found.plugin.claims]


VOC = "pascal_voc_segmentation_labels.txt"
MODELS = [
    Model("fastestdet_coco_tf1_encoded_image_string_tensor.pb", "fastestdet", "coco80.pbtxt"),
    Model("fastestdet_coco_tf1_image_tensor.pb", "fastestdet", "coco80.pbtxt"),
    Model("fastestdet_coco_savedmodel", "fastestdet", "coco80.pbtxt"),
    Model("fastestdet_coco.onnx", "fastestdet", "coco80.txt"),
    Model("deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb", "deeplab", VOC),
    Model("deeplabv3_mnv2_dm05_pascal_quant.tflite", "deeplab", VOC, QUANTISED),
    Model("mobilenet_v2_1.0_224_quant.tflite", "mobilenet", "imagenet_labels.txt", QUANTISED),
    Model("movenet_single_pose_lightning_ptq.tflite", "movenet", None, POSE),
]
RUNS = [(model, engine) for model in MODELS for engine in model.engines]


def called(run):
    model, engine = run
    return f"{engine}-{model.name}"


def pairs():
    """Two runs of one network: of one model on two engines, or of two of its forms."""
    for one, other in combinations(RUNS, 2):
        if one[0].network == other[0].network:
            yield pytest.param(one, other, id=f"{called(one)}-{called(other)}")


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


def judge_detection(model, name, answer, wanted):
    assert_agree([attrs.asdict(row) for row in answer.instances], wanted["detections"], least=0.9, score=0.03)


def judge_segmentation(model, name, answer, wanted):
    assert answer.class_map.shape == answer.size[::-1]
    shares = {label.name: float(np.mean(answer.class_map == label.model_id)) for label in answer.found}
    there = wanted["segmentation_share"]
    apart = max(abs(shares.get(label, 0) - there.get(label, 0)) for label in shares.keys() | there.keys())
    assert apart <= 0.03, (name, shares)


def judge_classes(model, name, answer, wanted):
    assert answer.names[0] == wanted["classes"][0][0], name


def judge_keypoints(model, name, answer, wanted):
    """One person doing squats is in a picture: 17 points, the head above the hips, these above the ankles."""
    if name != "squat.bmp":
        return
    assert answer.names == ["person"]
    points = answer.keypoints[0]
    assert points.shape == (17, 3)
    x1, y1, x2, y2 = next(row["box"] for row in wanted["detections"] if row["label"] == "person")
    margin = 0.1 * max(answer.size)
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


@pytest.mark.parametrize(("model", "engine"), RUNS, ids=map(called, RUNS))
def test_an_engine_gives_what_was_expected_or_names_what_it_cannot_hold(model, engine, answers, expected):
    answer = answers(model, engine)
    if isinstance(answer, EngineError):
        assert set(re.findall(r"\w+", answer.message)) & INSIDE, answer
        return
    for name, wanted in expected.items():
        inference = answer[0][name]
        assert inference.engine == engine
        assert list(inference.size) == wanted["size"]
        JUDGES[inference.task](model, name, inference, wanted)


@pytest.mark.parametrize(("one", "other"), list(pairs()))
def test_two_runs_of_a_network_agree(one, other, answers):
    answer = [answers(*run) for run in (one, other)]
    for run, found in zip((one, other), answer, strict=True):
        if isinstance(found, EngineError):
            pytest.skip(f"{called(run)}: the engine cannot hold it")
    (first, threshold), (second, _) = answer
    near = attrs.evolve(one[0].near if one[0] is other[0] else FORMS, threshold=threshold)
    each = {name: compare_inferences(inference, second[name], near) for name, inference in first.items()}
    total = Comparison.total(each.values())
    print(f"{called(one)} - {called(other)}: {total}")
    assert total.ok, "\n".join(f"{name}: {found}" for name, found in each.items())
    assert total.matched or total.pixels
