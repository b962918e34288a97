"""MediaPipe's detectors: on made tensors by hand, on real ones against the published steps written out plainly."""

import attrs
import numpy as np
import pytest
from runner_detection.anchors import make_points
from runner_detection.mediapipe import MODELS, MediapipeDetection, blend_overlapping

from runner_core import open_brain
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import Frame
from runner_core.testing import check_task, conformance, sample_frame

SHAPES = [
    (16, 128, 896),
    (16, 192, 2304),
    (16, 256, 896),
    (18, 192, 2016),
    (18, 256, 2944),
    (12, 224, 2254),
    (12, 128, 896),
]


def signature(numbers=16, side=128, rows=896):
    outputs = (
        TensorSpec("regressors", (1, rows, numbers), "float32"),
        TensorSpec("classificators", (1, rows, 1), "float32"),
    )
    return Signature((TensorSpec("input", (1, side, side, 3), "float32"),), outputs)


def outputs(numbers=16, rows=896):
    boxes, scores = np.zeros((1, rows, numbers), np.float32), np.full((1, rows, 1), -50, np.float32)
    return boxes, scores


@pytest.mark.parametrize(("numbers", "side", "rows"), SHAPES)
def test_each_detector_is_known_by_its_number_of_anchors(numbers, side, rows):
    card = MediapipeDetection().recognise(signature(numbers, side, rows))
    assert len(card.options["keypoint_names"]) == (numbers - 4) // 2
    assert card.guesses == ()
    assert MediapipeDetection().recognise(signature(numbers, side, rows - 1)) is None


def test_all_models_have_been_looked_at():
    assert {(numbers, side) for numbers, side, _ in SHAPES} == set(MODELS)


def test_anchors_are_cells_line_by_line_and_shared_strides_are_one_grid():
    points = make_points((128, 128), (8, 16, 16, 16), each=2)
    assert points.shape == (896, 4)
    assert points[0].tolist() == points[1].tolist() == [0.5 / 16, 0.5 / 16, 1, 1]
    assert points[2, :2].tolist() == [1.5 / 16, 0.5 / 16]
    assert points[512:518, :2].tolist() == [[0.5 / 8, 0.5 / 8]] * 6


def test_a_row_is_read_by_the_formula():
    model = signature()
    codec = MediapipeDetection().bind(MediapipeDetection().recognise(model), model)
    boxes, scores = outputs()
    boxes[0, 2] = [4, -2, 16, 32, *range(12)]  # of the cell in column 1, line 0: its middle is at 12, 4
    scores[0, 2] = 2.0
    frame = Frame.from_array(np.zeros((256, 256, 3), np.uint8))  # twice the input
    found = codec.decode({"boxes": boxes, "scores": scores}, frame)
    assert found.boxes.tolist() == [[16, 0, 48, 36]]  # cut at the upper border
    assert found.scores[0] == pytest.approx(1 / (1 + np.exp(-2)))
    assert found.keypoints[0, :2, :2].tolist() == [[24, 10], [28, 14]]
    assert found.names == ["face"]


def test_each_grid_may_have_outputs_of_its_own():
    rows = {8: 512, 16: 384}  # two anchors a cell of 16 x 16, six a cell of 8 x 8
    shapes = [(1, rows[8], 1), (1, rows[16], 1), (1, rows[8], 16), (1, rows[16], 16)]
    outs = tuple(TensorSpec(f"out{number}", shape, "float32") for number, shape in enumerate(shapes))
    model = attrs.evolve(signature(), outputs=outs)
    card = MediapipeDetection().recognise(model)
    assert card.roles == {
        "image": "input", "boxes_8": "out2", "scores_8": "out0", "boxes_16": "out3", "scores_16": "out1"
    }  # fmt: skip
    whole = MediapipeDetection().bind(MediapipeDetection().recognise(signature()), signature())
    boxes, scores = outputs()
    boxes[0, 100], scores[0, 100] = [4, -2, 16, 32, *range(12)], 2
    boxes[0, 600], scores[0, 600] = [-2, 4, 40, 20, *range(12)], 1
    cut = {f"{role}_{stride}": told[:, slice(*part)] for role, told in (("boxes", boxes), ("scores", scores))
           for stride, part in ((8, (0, 512)), (16, (512, 896)))}  # fmt: skip
    found = MediapipeDetection().bind(card, model).decode(cut, sample_frame())
    wanted = whole.decode({"boxes": boxes, "scores": scores}, sample_frame())
    assert (len(found), found.boxes.tolist()) == (2, wanted.boxes.tolist())
    assert MediapipeDetection().recognise(attrs.evolve(model, outputs=outs[::-1])).roles == card.roles
    assert MediapipeDetection().recognise(attrs.evolve(model, outputs=outs[:3])) is None


def test_overlapping_rows_are_blended_by_their_scores():
    rows = np.array([[10, 10, 10, 10, 1, 1], [12, 10, 10, 10, 4, 1], [60, 60, 10, 10, 0, 0]], np.float32)
    blended, kept = blend_overlapping(rows, np.array([0.9, 0.6, 0.7], np.float32), 0.3)
    assert kept.tolist() == [0, 2]
    assert blended[0].tolist() == pytest.approx([(9 + 7.2) / 1.5, 10, 10, 10, (0.9 + 2.4) / 1.5, 1], abs=1e-4)
    assert blended[1].tolist() == rows[2].tolist()


def test_nothing_found_is_an_empty_answer():
    model = signature()
    codec = MediapipeDetection().bind(MediapipeDetection().recognise(model), model)
    boxes, scores = outputs()
    found = codec.decode({"boxes": boxes, "scores": scores}, Frame.from_array(np.zeros((9, 9, 3), np.uint8)))
    assert (len(found), found.keypoints.shape) == (0, (0, 6, 3))


def test_another_size_is_refused():
    card = MediapipeDetection().recognise(signature())
    other = signature(16, 192, 2304)
    with pytest.raises(TaskError, match="no detector of MediaPipe"):
        MediapipeDetection().bind(card, attrs.evolve(other, inputs=signature().inputs))


@conformance(check_task)
def test_keeps_the_promises_of_a_task(check):
    boxes, scores = outputs()
    boxes[0, 300], scores[0, 300] = 20, 3
    check(MediapipeDetection(), signature(), {"boxes": boxes, "scores": scores}, sample_frame())


def steps_of_mediapipe(raw, logits, side, strides, threshold=0.5):
    """(score, box in shares of the input, points) of the best detection, by the calculators' steps, one by one."""
    centres, layer = [], 0
    while layer < len(strides):
        same = layer
        while same < len(strides) and strides[same] == strides[layer]:
            same += 1
        cells = side // strides[layer]
        centres += [((x + 0.5) / cells, (y + 0.5) / cells) for y in range(cells) for x in range(cells)
                    for _ in range(2 * (same - layer))]  # fmt: skip
        layer = same
    found = []
    for (x, y), row, logit in zip(centres, raw[0], logits[0, :, 0], strict=True):
        score = 1 / (1 + np.exp(-np.clip(float(logit), -100, 100)))
        if score >= threshold:
            moved = [row[i] / side + (x if i % 2 == 0 else y) for i in range(len(row))]
            wide, high = row[2] / side, row[3] / side
            corners = (moved[0] - wide / 2, moved[1] - high / 2, moved[0] + wide / 2, moved[1] + high / 2)
            found.append((score, corners, moved[4:]))
    found.sort(key=lambda each: -each[0])
    top = found[0]

    def overlap(one, other):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        both = max(0, across) * max(0, down)
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
        return both / (sum(areas) - both)

    near = [each for each in found if overlap(top[1], each[1]) > 0.3]
    total = sum(each[0] for each in near)
    corners = [sum(each[0] * each[1][i] for each in near) / total for i in range(4)]
    points = [sum(each[0] * each[2][i] for each in near) / total for i in range(len(top[2]))]
    return top[0], corners, points


@pytest.mark.parametrize(
    ("name", "picture", "side", "strides"),
    [
        ("face_detection_short_range.tflite", "grace_hopper.bmp", 128, (8, 16, 16, 16)),
        ("palm_detection_lite.tflite", "squat.bmp", 192, (8, 16, 16, 16)),
    ],
)
@pytest.mark.parametrize("engine", ["litert", "openvino"])
def test_a_real_one_answers_as_the_published_steps_do(cases, testdata, name, picture, side, strides, engine):
    frame = Frame.from_path(testdata / "pictures" / picture)
    with open_brain(cases / "models" / name, engine=engine) as brain:
        assert brain.guesses == ()
        found = brain.infer(frame)
        image = {brain.card.roles["image"]: frame.prepared(brain.picture).tensor}
        names = [brain.card.roles[role] for role in ("boxes", "scores")]
        outputs = brain.session.run(image, names)
        placement = frame.prepared(brain.picture).placement
    score, corners, points = steps_of_mediapipe(*(outputs[name] for name in names), side, strides)
    assert found.scores[0] == pytest.approx(score, abs=1e-4)
    wanted = placement.to_picture(np.array(corners) * side)
    assert found.boxes[0] == pytest.approx(wanted, abs=0.1)
    assert found.keypoints[0, :, :2].ravel() == pytest.approx(placement.to_picture(np.array(points) * side), abs=0.1)
