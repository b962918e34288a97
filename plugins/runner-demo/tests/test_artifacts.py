"""The two brains as shipped: complete, small, and alike in both formats."""

import contextlib
import io
import json
from hashlib import sha256
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "runner_demo"
CARDS = sorted(PACKAGE.glob("brains/*/brain.json"))
PICTURES = sorted(PACKAGE.glob("pictures/*.jpg"))
OUTPUTS = ("detection_boxes", "detection_scores", "num_detections")


def overlap(a, b):
    """Intersection over union of two boxes (top, left, bottom, right)."""
    high, wide = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return high * wide / (sum(areas) - high * wide)


def kept(found, threshold):
    """Boxes and scores of (boxes, scores, count) that reach the threshold."""
    boxes, scores, count = found
    return [(b, s) for b, s in zip(boxes[0, : int(count[0])], scores[0], strict=False) if s >= threshold]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_every_file_is_the_one_the_card_describes(path):
    for artifact in json.loads(path.read_text())["artifacts"]:
        for entry in artifact["files"]:
            data = (path.parent / entry["path"]).read_bytes()
            assert len(data) == entry["size"]
            assert sha256(data).hexdigest() == entry["sha256"]
        assert sum(entry["size"] for entry in artifact["files"]) <= 3_000_000


def test_the_pictures_are_small_and_eight():
    assert len(PICTURES) == 8
    assert all(path.stat().st_size <= 150_000 for path in PICTURES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_frozen_graph_and_saved_model_agree(path):
    np = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    tf = pytest.importorskip("tensorflow")
    card = json.loads(path.read_text())
    with tf.Graph().as_default() as graph:
        data = (path.parent / f"{card['name']}.pb").read_bytes()
        tf.compat.v1.import_graph_def(tf.compat.v1.GraphDef.FromString(data), name="")
    model, detections = tf.saved_model.load(str(path.parent / "saved_model")), 0
    # As a context the session would make its graph the default one, and the SavedModel would be traced into it.
    with contextlib.closing(tf.compat.v1.Session(graph=graph)) as session:
        for picture in PICTURES:
            data = picture.read_bytes()
            first = session.run([f"{name}:0" for name in OUTPUTS], {"encoded_image_string_tensor:0": [data]})
            pixels = np.asarray(image.open(io.BytesIO(data)).convert("RGB"))[None]
            answer = model.signatures["serving_default"](input_tensor=tf.constant(pixels))
            one, two = (kept(x, card["threshold"]) for x in (first, [answer[name].numpy() for name in OUTPUTS]))
            assert len(one) == len(two), picture.name
            for (box, score), (other, other_score) in zip(one, two, strict=True):
                assert overlap(box, other) > 0.9
                assert abs(score - other_score) < 0.05
            detections += len(one)
    assert detections
