"""The real FastestDet graphs through the TensorFlow engine, as a person opens them."""

import pytest

from runner_core.frames.frame import Frame
from runner_core.project import open_brain

pytest.importorskip("runner_tensorflow.engine", reason="the TensorFlow engine is not installed")

ENCODED = "fastestdet_coco_tf1_encoded_image_string_tensor.pb"
PICTURES = ["baseball.jpg", "cat_720p.jpg", "squat.bmp"]
OF_PIXELS = ["fastestdet_coco_tf1_image_tensor.pb", "fastestdet_coco_savedmodel"]


def opened(testdata, model):
    return open_brain(testdata / "models" / model, labels=testdata / "models" / "coco80.pbtxt", engine="tensorflow")


def test_the_encoded_graph_answers_as_tensorflow_does(testdata, expected, demand_found):
    with opened(testdata, ENCODED) as brain:
        assert brain.family == "tf-detection"
        for name, answer in expected.items():
            demand_found(brain.predict(testdata / "pictures" / name), answer, iou=0.99, score=0.001, near=0.001)


@pytest.mark.parametrize("model", OF_PIXELS)
def test_the_graphs_of_pixels_differ_by_the_jpeg_decoder_alone(testdata, expected, demand_found, model):
    with opened(testdata, model) as brain:
        assert brain.family == "tf-detection"
        for name in PICTURES:
            exact = name.endswith(".bmp")
            frame = Frame.from_path(testdata / "pictures" / name)
            demand_found(
                brain.predict(frame),
                expected[name],
                iou=0.99 if exact else 0.9,
                score=0.001 if exact else 0.03,
                near=0.03,
            )
