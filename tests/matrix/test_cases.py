"""Models from elsewhere, without a card: what direct calls with their own published processing give, on any engine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from runner_core.errors import EngineError
from runner_core.frames.frame import Frame
from runner_core.loading.candidates import Candidate, find_candidates
from runner_core.loading.locate import locate_model
from runner_core.loading.open import open_candidate
from runner_core.loading.options import LoadOptions
from runner_core.results.boxes import box_ious
from runner_core.results.inference import Inference

IOU, SCORE = 0.9, 0.03
POINT = 0.05  # by which a keypoint may lie elsewhere, as a share of its box's height
# The score from which each detector's expected boxes were kept.
THRESHOLDS = {
    "yolox_nano.onnx": 0.3,
    "face_detection_yunet_2026may.onnx": 0.6,
    "face-detection-retail-0005.xml": 0.5,
    "face_mask_detection.tflite": 0.5,
}
SCORES = ("vww_96_float.tflite", "pretrainedResnet.tflite")
SHARES = ("selfie_segmentation.tflite",)


@pytest.fixture(scope="module")
def expected(cases):
    return json.loads((cases / "expected.json").read_text())


def open_on(model: Path, engine: str):
    files = locate_model(model)
    chosen = [each for each in find_candidates(files) if each.engine == engine]
    if not chosen:
        pytest.skip(f"{engine} does not open {model.suffix}")
    try:
        return open_candidate(files, Candidate(engine, files, chosen[0].artifact), LoadOptions())
    except EngineError as error:
        pytest.skip(f"{engine} refuses it: {error.message}")


def pictures_of(expected, testdata, name):
    for picture, wanted in expected[name].items():
        yield Frame.from_path(testdata / "pictures" / picture), wanted


@pytest.mark.parametrize("engine", ["litert", "onnx", "openvino"])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_boxes(cases, testdata, expected, name, engine):
    with open_on(cases / "models" / name, engine) as brain:
        assert brain.card.threshold == THRESHOLDS[name]
        for frame, wanted in pictures_of(expected, testdata, name):
            check_boxes(brain.infer(frame), wanted, THRESHOLDS[name])


def check_boxes(found: Inference, wanted: list[dict], threshold: float) -> None:
    """Each sure row of one side has its like on the other; those about the threshold may come or go."""
    assert found.boxes is not None
    assert found.scores is not None
    ious = box_ious(np.array([each["box"] for each in wanted], np.float32).reshape(-1, 4), found.boxes)
    classes = np.array([each.get("class", -1) for each in wanted], np.int64)[:, None]
    scores = np.array([each["score"] for each in wanted], np.float32)
    same = (classes == found.model_ids) | (classes < 0)  # a detector of one thing has no class there
    alike = same & find_same_points(found, wanted) & (ious >= IOU) & (np.abs(scores[:, None] - found.scores) <= SCORE)
    assert alike.any(axis=1)[scores >= threshold + SCORE].all(), wanted
    assert alike.any(axis=0)[found.scores >= threshold + SCORE].all(), found


def find_same_points(found: Inference, wanted: list[dict]) -> np.ndarray:
    """Wanted x found: whether the keypoints of two rows are the same, where they are wanted."""
    if not any("points" in each for each in wanted):
        return np.ones((len(wanted), len(found)), bool)
    points = np.array([each["points"] for each in wanted], np.float32)
    heights = np.array([each["box"][3] - each["box"][1] for each in wanted], np.float32)
    assert found.keypoints is not None
    spots = found.keypoints[..., :2].reshape(len(found), -1)
    return np.abs(points[:, None] - spots).max(axis=2) <= POINT * heights[:, None]


@pytest.mark.parametrize("engine", ["litert", "openvino"])
@pytest.mark.parametrize("name", SCORES)
def test_scores(cases, testdata, expected, name, engine):
    with open_on(cases / "models" / name, engine) as brain:
        for frame, wanted in pictures_of(expected, testdata, name):
            found = brain.infer(frame)
            likely = np.argsort(-np.array(wanted))[: len(found)]
            assert [wanted[number] for number in found.model_ids] == pytest.approx(found.scores.tolist(), abs=SCORE)
            assert wanted[found.model_ids[0]] == pytest.approx(wanted[likely[0]], abs=SCORE)


@pytest.mark.parametrize("engine", ["litert", "openvino"])
@pytest.mark.parametrize("name", SHARES)
def test_shares_of_the_picture(cases, testdata, expected, name, engine):
    (key,) = expected[name]
    with open_on(cases / "models" / name, engine) as brain:
        for picture, wanted in expected[name][key].items():
            found = brain.infer(Frame.from_path(testdata / "pictures" / picture))
            shown = [mask.area for mask in found.masks]
            assert sum(shown) / found.pixel_map.array.size == pytest.approx(wanted, abs=SCORE)
            assert np.mean(found.pixel_map.array >= 128) == sum(shown) / found.pixel_map.array.size
