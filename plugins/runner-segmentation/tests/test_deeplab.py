"""DeepLab on Pascal VOC, real weights: a frozen TF1 graph, and the quantised network of the same weights."""

import json

import numpy as np
import pytest

from runner_core.frames.frame import Frame
from runner_core.project import open_brain

FROZEN = "deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb"
QUANTISED = "deeplabv3_mnv2_dm05_pascal_quant.tflite"
LEAST = 0.005  # the smallest share that expected.json lists

# The quantised network answers otherwise where the float one is in two minds, so that one grey level more or less in
# the resized picture moves its answer. This picture is 128 x 128, four times enlarged.
SHAKY = {"dog_segmentation.bmp": 0.05}


@pytest.fixture(scope="module", params=[FROZEN, QUANTISED])
def brain(request, testdata):
    labels = testdata / "models" / "pascal_voc_segmentation_labels.txt"
    with open_brain(testdata / "models" / request.param, labels=labels) as brain:
        yield brain


def test_the_shares_are_as_expected(brain, testdata):
    expected = json.loads((testdata / "expected.json").read_text())
    assert len(expected) >= 9
    for picture, wanted in expected.items():
        answer = brain.predict(testdata / "pictures" / picture)
        width, height = answer.size
        assert answer.class_map.shape == (height, width)
        shares = np.bincount(answer.class_map.ravel(), minlength=21) / answer.class_map.size
        by_name = {answer.labels.name(number): share for number, share in enumerate(shares) if share > 0}
        tolerance = 0.03 if brain.engine == "tensorflow" else SHAKY.get(picture, 0.035)
        for name in by_name.keys() | wanted["segmentation_share"].keys():
            there = wanted["segmentation_share"].get(name, 0)
            assert by_name.get(name, 0) == pytest.approx(there, abs=tolerance), (picture, name)


def test_a_row_is_the_region_of_its_class(brain, testdata):
    answer = brain.predict(testdata / "pictures" / "cat_1080p.jpg")
    assert answer.names[0] == "cat"
    assert "background" not in answer.names
    assert answer.scores is None
    mask = answer.masks[0].array
    assert np.array_equal(mask, answer.class_map == answer.model_ids[0])
    rows, columns = np.nonzero(mask)
    assert answer.boxes[0].tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_the_map_lies_where_the_thing_is(brain, testdata):
    """The same picture with a black band at its left: the cat moves by as much."""
    frame = Frame.from_path(testdata / "pictures" / "cat_720p.jpg")
    band = np.zeros((720, 320, 3), np.uint8)
    moved = brain.predict(np.concatenate([band, frame.pixels], axis=1)).class_map[:, 320:]
    still = brain.predict(frame).class_map
    assert ((moved == 8) & (still == 8)).sum() > 0.85 * ((moved == 8) | (still == 8)).sum()


def test_both_find_the_same_pixels(testdata):
    """One sees the picture as it is, the other in a square with grey around it: their maps lie on each other."""
    with open_brain(testdata / "models" / FROZEN) as frozen, open_brain(testdata / "models" / QUANTISED) as quantised:
        for picture, number in (("squat.bmp", 15), ("cat_720p.jpg", 8), ("football.jpg", 15)):
            frame = Frame.from_path(testdata / "pictures" / picture)
            one, other = (brain.predict(frame).class_map == number for brain in (frozen, quantised))
            assert (one & other).sum() > 0.92 * (one | other).sum(), picture
