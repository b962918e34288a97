"""Real models: what their files say is what their authors feed them, or it is a guess."""

import shutil

import pytest

from runner_core.clues import find_clues
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames import IMAGENET, RAW, SIGNED, UNIT
from runner_core.graphs import read_graph

# File, what it takes, and whether the file leaves no doubt of the range and of the colours.
CASES = [
    ("vww_96_float.tflite", UNIT, "rgb", False, True),
    ("pretrainedResnet.tflite", RAW, "rgb", True, True),
    ("selfie_segmentation.tflite", UNIT, "rgb", False, True),
    ("face_mask_detection.tflite", UNIT, "rgb", False, True),
    ("palm_detection_lite.tflite", UNIT, "rgb", False, True),
    ("face_detection_short_range.tflite", SIGNED, "rgb", True, True),
    ("face-detection-retail-0005.xml", RAW, "bgr", True, True),
    ("face_detection_yunet_2026may.onnx", RAW, "bgr", True, False),
    ("yolox_nano.onnx", RAW, "bgr", False, False),
    ("nanodet.onnx", IMAGENET.reversed(), "bgr", False, False),
]


@pytest.mark.parametrize(("name", "taken", "colour", "sure", "sure_of_colour"), CASES)
def test_what_is_sure_is_right(cases, name, taken, colour, sure, sure_of_colour):
    clues = find(cases / "models" / name)
    ranges = {clue.value for clue in clues if clue.about == "range" and clue.is_sure}
    colours = {clue.value for clue in clues if clue.about == "colour" and clue.is_sure}
    assert ranges == ({taken} if sure else set())
    assert colours == ({colour} if sure_of_colour else set())


def test_a_twin_in_bytes_tells_the_range(cases, tmp_path):
    for name in ("pretrainedResnet.tflite", "pretrainedResnet_quant.tflite"):
        shutil.copy(cases / "models" / name, tmp_path)
    clues = find(tmp_path / "pretrainedResnet.tflite")
    assert [clue.value for clue in clues if "pretrainedResnet_quant.tflite" in clue.says] == [RAW]
    shutil.move(tmp_path / "pretrainedResnet_quant.tflite", tmp_path / "another.tflite")
    (clue,) = (clue for clue in find(tmp_path / "pretrainedResnet.tflite") if "another.tflite" in clue.says)
    assert (clue.value, clue.is_sure) == (RAW, False)


def find(path):
    graph = read_graph(path)
    inputs, outputs = (
        tuple(TensorSpec(value.name, value.shape, value.dtype or "float32") for value in side)
        for side in (graph.inputs, graph.outputs)
    )
    return find_clues(path, Signature(inputs, outputs), graph)
