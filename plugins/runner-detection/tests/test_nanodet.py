"""NanoDet, NanoDet-Plus and PicoDet: distributions in pairs and in one table, and the real NanoDet against itself."""

import attrs
import cv2
import numpy as np
import pytest
from runner_detection.nanodet import Nanodet
from runner_detection.yolo import Yolo
from runner_detection.yolox import Yolox

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame
from runner_core.project import open_brain
from runner_core.results.boxes import box_ious

# An input of 320 x 320: 40 x 40, 20 x 20, 10 x 10 and 5 x 5 cells. A picture of 640 x 480 fits in its half.
CELLS = {8: 1600, 16: 400, 32: 100, 64: 25}
IMAGE = TensorSpec("image", (1, 3, 320, 320), "float32")
BINS, CLASSES = 8, 3
REACH = [1, 2, 3, 4]  # strides from the point to the left, top, right and lower side
ROW = 3 * 20 + 7  # of the cells of 16 pixels: column 7, line 3


def table(features, strides=(8, 16, 32, 64), image="data", name="output"):
    rows = sum(CELLS[stride] for stride in strides)
    return Signature((attrs.evolve(IMAGE, name=image),), (TensorSpec(name, (1, rows, features), "float32"),))


def pairs(strides=(8, 16, 32), classes=CLASSES, **ends):
    scores = [TensorSpec(f"s{stride}", (1, CELLS[stride], classes), "float32") for stride in strides]
    boxes = [TensorSpec(f"b{stride}", (CELLS[stride], 4 * BINS), "float32") for stride in strides]
    return Signature((IMAGE,), (*scores, *boxes), ends=ends)


def bound(model, **changes):
    return Nanodet().bind(attrs.evolve(Nanodet().recognise(model), name="test", **changes), model)


def sides():
    """Numbers whose distributions are sure of ``REACH``."""
    numbers = np.full((4, BINS), -20, np.float32)
    numbers[range(4), REACH] = 20
    return numbers.ravel()


def told(strides=(8, 16, 32)):
    """One thing of class 2 in one cell of 16 pixels."""
    outputs = {f"scores_{stride}": np.zeros((1, CELLS[stride], CLASSES), np.float32) for stride in strides}
    outputs |= {f"boxes_{stride}": np.zeros((CELLS[stride], 4 * BINS), np.float32) for stride in strides}
    outputs["scores_16"][0, ROW, 2] = 0.9
    outputs["boxes_16"][ROW] = sides()
    return outputs


def joined(outputs):
    strides = (8, 16, 32, 64)
    both = [np.concatenate([outputs[f"scores_{s}"][0], outputs[f"boxes_{s}"]], axis=1) for s in strides]
    return {"predictions": np.concatenate(both)[None]}


def test_distances_begin_in_the_middle_of_a_cell(frame):
    answer = bound(pairs()).decode(told(), frame)
    x, y = (7 + 0.5) * 16, (3 + 0.5) * 16 - 40  # without the padding above
    np.testing.assert_allclose(
        answer.boxes, [[2 * (x - 16), max(0, 2 * (y - 32)), 2 * (x + 48), 2 * (y + 64)]], atol=0.01
    )
    assert answer.model_ids.tolist() == [2]
    assert answer.scores.tolist() == pytest.approx([0.9])


def test_those_of_plus_begin_at_its_corner(frame):
    answer = bound(table(CLASSES + 4 * BINS)).decode(joined(told((8, 16, 32, 64))), frame)
    x, y = 7 * 16, 3 * 16  # stretched: twice as wide, one and a half times as high
    np.testing.assert_allclose(answer.boxes, [[2 * (x - 16), 1.5 * (y - 32), 2 * (x + 48), 1.5 * (y + 64)]], atol=0.01)


def test_a_side_is_the_mean_of_its_distribution(frame):
    outputs = told()
    outputs["boxes_16"][ROW] = 0.0  # equal shares of 0 to 7: 3.5 strides
    answer = bound(pairs()).decode(outputs, frame)
    np.testing.assert_allclose(answer.boxes[0, [0, 2]], [2 * (120 - 56), 2 * (120 + 56)], atol=0.01)


def test_a_cell_may_be_of_several_classes_and_scores_logits(frame):
    outputs = told()
    for stride in (8, 16, 32):
        outputs[f"scores_{stride}"][:] = -9
    outputs["scores_16"][0, ROW] = [1.0, -9, 2.0]
    answer = bound(pairs()).decode(outputs, frame)
    assert answer.model_ids.tolist() == [2, 0]
    np.testing.assert_allclose(answer.scores, 1 / (1 + np.exp([-2.0, -1.0])), rtol=1e-5)


def test_each_kind_has_its_own_input_and_thresholds():
    nanodet, plus, picodet = map(Nanodet().recognise, (pairs(), table(CLASSES + 4 * BINS), pairs((8, 16, 32, 64))))
    assert [(card.picture.colour, card.picture.resize) for card in (nanodet, plus, picodet)] == [
        ("bgr", "letterbox"), ("bgr", "stretch"), ("rgb", "stretch"),
    ]  # fmt: skip
    assert [card.picture.mean[0] for card in (nanodet, plus, picodet)] == [103.53, 103.53, 123.675]
    assert [card.threshold for card in (nanodet, plus, picodet)] == [0.35, 0.35, 0.4]
    assert [[guess.about for guess in card.guesses] for card in (nanodet, plus, picodet)] == [
        ["resize"], ["resize"], ["colour"],
    ]  # fmt: skip


def test_as_many_classes_as_numbers_of_sides_are_told_apart_by_their_ends():
    model = pairs(classes=4 * BINS)
    assert Nanodet().recognise(model).roles["scores_8"] == "s8"
    swapped = attrs.evolve(model, ends={f"b{stride}": "sigmoid" for stride in (8, 16, 32)})
    assert Nanodet().recognise(swapped).roles["scores_8"] == "b8"


def test_labels_under_character_are_read_where_they_fit():
    model = attrs.evolve(pairs(), metadata={"character": "text\ntitle\nfigure"})
    assert Nanodet().recognise(model).labels.names == ("text", "title", "figure")
    assert not Nanodet().recognise(attrs.evolve(model, metadata={"character": "text\ntitle"})).labels


@pytest.mark.parametrize(
    ("model", "family"),
    [
        (table(112, (8, 16, 32), image="images"), Nanodet),
        (table(50, (8, 16, 32)), Nanodet),
        (table(50, image="images"), Nanodet),
        (table(85, (8, 16, 32), image="images"), Yolox),
        (table(50, (8, 16, 32), name="output0"), Yolo),
    ],
)
def test_a_table_is_of_one_family(model, family):
    assert [each for each in (Nanodet, Yolo, Yolox) if each().recognise(model)] == [family]


@pytest.mark.parametrize("strides", [[8, 16], "8", [8, 16, 0], []])
def test_strides_that_do_not_fit_are_refused(strides):
    with pytest.raises(TaskError, match=r"strides|unknown"):
        bound(pairs(), options={"strides": strides})


def expect(session, frame):
    """Boxes, scores and classes above 0.4 before suppression, cell by cell, by NanoDet's published steps."""
    side, (width, height) = 320, frame.size
    ratio = min(side / width, side / height)
    wide, high = int(width * ratio), int(height * ratio)
    left, top = (side - wide) // 2, (side - high) // 2
    canvas = np.zeros((side, side, 3), np.uint8)
    canvas[top : top + high, left : left + wide] = cv2.resize(frame.pixels[..., ::-1], (wide, high))
    values = (canvas.astype(np.float32) - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
    found = session.run(None, {"image": values.transpose(2, 0, 1)[None].astype(np.float32)})
    for scores, numbers, stride in zip(found[:3], found[3:], (8, 16, 32), strict=True):
        for row, number in zip(*np.nonzero(scores > 0.4), strict=True):
            powers = np.exp(numbers[row].reshape(4, 8))
            reach = (powers / powers.sum(axis=1, keepdims=True) * range(8)).sum(axis=1) * stride
            x, y = (row % (side // stride) + 0.5) * stride, (row // (side // stride) + 0.5) * stride
            box = np.array([x - reach[0] - left, y - reach[1] - top, x + reach[2] - left, y + reach[3] - top]) / ratio
            yield box.clip(0, [width, height] * 2), scores[row, number], number


@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_the_real_network_answers_as_its_published_steps_do(engine, cases, testdata):
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(cases / "models" / "nanodet.onnx", options)
    with open_brain(cases / "models" / "nanodet.onnx", engine=engine) as brain:
        for name in ("football.jpg", "grace_hopper.bmp", "cat_720p.jpg", "squat.bmp"):
            frame = Frame.from_path(testdata / "pictures" / name)
            boxes, scores, classes = map(np.array, zip(*expect(session, frame), strict=True))
            answer = brain.infer(frame)
            sure = np.flatnonzero(answer.scores > 0.45)
            assert len(sure) > 0
            same = answer.model_ids[sure, None] == classes
            near = np.abs(answer.scores[sure, None] - scores) <= 0.03
            assert (same & near & (box_ious(answer.boxes[sure], boxes) >= 0.9)).any(axis=1).all()
            best = int(scores.argmax())
            assert answer.model_ids[0] == classes[best]
            assert answer.scores[0] == pytest.approx(scores[best], abs=0.03)
