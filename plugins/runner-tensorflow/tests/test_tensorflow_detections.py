"""Real graphs on real pictures give what TensorFlow, called directly, gave: see expected.json of the test data."""

import json

import numpy as np
import pytest
from comparison import assert_agree
from PIL import Image


@pytest.fixture(scope="module")
def expected(testdata):
    return json.loads((testdata / "expected.json").read_text())


@pytest.fixture(scope="module")
def labels(testdata):
    return (testdata / "models" / "coco80.txt").read_text().splitlines()


@pytest.mark.parametrize(
    ("model", "suffix", "given", "least", "score"),
    [
        ("fastestdet_coco_tf1_encoded_image_string_tensor.pb", ":0", "encoded_image_string_tensor:0", 0.99, 0.001),
        ("fastestdet_coco_tf1_image_tensor.pb", ":0", "image_tensor:0", 0.9, 0.03),
        ("fastestdet_coco_savedmodel", "", "input_tensor", 0.9, 0.03),
    ],
)
def test_detections_are_those_of_a_direct_call(model, suffix, given, least, score, load, testdata, expected, labels):
    """The first takes the same bytes; the others take pixels that another decoder made."""
    session = load(testdata / "models" / model, threads=1)
    assert [spec.name for spec in session.inputs] == [given]
    names = [f"detection_{part}{suffix}" for part in ("boxes", "scores", "classes")]
    for name, wanted in expected.items():
        tensor = _tensor(session.inputs[0], testdata / "pictures" / name)
        boxes, scores, classes = (output[0] for output in session.run({given: tensor}, names).values())
        found = _detections(boxes, scores, classes, wanted["size"], labels)
        assert_agree(found, wanted["detections"], least=least, score=score)


def test_segmentation_is_that_of_a_direct_call(load, testdata, expected):
    session = load(testdata / "models" / "deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb")
    assert [str(spec) for spec in session.outputs] == ["SemanticPredictions:0: int64 [1 x ? x ?]"]
    pixels = np.asarray(Image.open(testdata / "pictures" / "bird_segmentation.bmp").convert("RGB"))[None]
    classes = session.run({"ImageTensor:0": pixels}, ("SemanticPredictions:0",))["SemanticPredictions:0"]
    names = (testdata / "models" / "pascal_voc_segmentation_labels.txt").read_text().splitlines()
    shares = {names[number].strip(): (classes == number).mean() for number in np.unique(classes)}
    for name, share in expected["bird_segmentation.bmp"]["segmentation_share"].items():
        assert shares[name] == pytest.approx(share, abs=0.01)


def _tensor(spec, picture):
    if spec.dtype == "string":
        return np.array([picture.read_bytes()], object)
    return np.asarray(Image.open(picture).convert("RGB"))[None]


def _detections(boxes, scores, classes, size, labels):
    """Rows above 0.5, as expected.json has them: xyxy in pixels, from normalised yxyx; classes from 1."""
    (width, height), count = size, int((scores > 0.5).sum())
    corners = boxes[:count, [1, 0, 3, 2]] * np.array([width, height, width, height])
    rows = zip(classes[:count], scores[:count], corners, strict=True)
    return [{"label": labels[int(number) - 1], "score": score, "box": box.tolist()} for number, score, box in rows]
