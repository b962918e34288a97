"""A real quantised MobileNet through LiteRT."""

import json

import pytest

from runner_core.project import open_brain


@pytest.fixture(scope="module")
def brain(testdata):
    labels = testdata / "models" / "imagenet_labels.txt"
    with open_brain(testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite", labels=labels) as brain:
        yield brain


def test_the_top_class_is_right_on_every_picture(brain, testdata):
    expected = json.loads((testdata / "expected.json").read_text())
    assert len(expected) >= 9
    for picture, wanted in expected.items():
        answer = brain.predict(testdata / "pictures" / picture)
        assert answer.names[0] == wanted["classes"][0][0], picture
        assert answer.scores[0] == pytest.approx(wanted["classes"][0][1], abs=0.15)  # resized by another rule
        assert 1 <= len(answer) <= 5
        assert answer.scores.min() > 0, "what scores nothing is not found"


def test_its_labels_may_come_without_the_background(brain, testdata, tmp_path):
    names = (testdata / "models" / "imagenet_labels.txt").read_text().splitlines()
    thousand = tmp_path / "thousand.txt"
    thousand.write_text("\n".join(names[1:]))
    picture = testdata / "pictures" / "parrot.jpg"
    with open_brain(testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite", labels=thousand) as other:
        assert other.predict(picture).names[0] == brain.predict(picture).names[0] == "macaw"
