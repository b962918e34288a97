"""Chains whose second brain gets turned crops: MediaPipe's detectors, then graphs that point at what is red.

Such a graph says where the middle of a red disc is in its input, and where the upper and the right edge of the input
are: so a test sees where a crop lies, and whether points find back to the picture.
"""

from __future__ import annotations

import json
import math

import attrs
import numpy as np
import pytest
from onnx_models import write_landmarks
from PIL import Image, ImageDraw

from runner_core import CropRule, Frame, Inference, LabelMap, open_brain
from runner_core.brain import Brain
from runner_core.pipeline.executor import FrameExecutor

HAND = (224, (63, 1, 1, 63))
FACE = (192, (1404, 1))
# What is looked at: the detector, the landmarks behind it, the picture, the part of it that is shown, as large as a
# detector needs it that tells directions well, and where on that part the disc is painted.
SIGHTS = {
    "hand": ("palm_detection_lite.tflite", HAND, "squat.bmp", (180, 90, 480, 390), (136, 122)),
    "face": ("face_detection_short_range.tflite", FACE, "grace_hopper.bmp", (0, 0, 512, 600), (205, 320)),
}
TURNS = (0, 90, 30)
DIRECTION = 20  # degrees to which the detectors tell directions; an upright crop would be 30 and 90 off


def paint(testdata, sight, turn) -> tuple[Image.Image, np.ndarray]:
    """The picture with its disc, turned clockwise by so many degrees; and where the disc's middle is then."""
    *_, name, part, (x, y) = SIGHTS[sight]
    image = Image.open(testdata / "pictures" / name).convert("RGB").crop(part)
    radius = 3 if sight == "hand" else 6
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius - 1, y + radius - 1), fill=(255, 0, 0))
    turned = image.rotate(-turn, Image.Resampling.BICUBIC, expand=True)
    across, down = x - image.width / 2, y - image.height / 2
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    place = np.array([across * cosine - down * sine, across * sine + down * cosine])
    return turned, place + np.array(turned.size) / 2


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """The graphs of landmarks, by what they are for."""
    folder = tmp_path_factory.mktemp("marks")
    return {sight: write_landmarks(folder / f"{sight}.onnx", *SIGHTS[sight][1]) for sight in SIGHTS}


@pytest.fixture(scope="module")
def chains(cases, marks):
    opened = {
        sight: (open_brain(cases / "models" / SIGHTS[sight][0]), open_brain(marks[sight], name=sight))
        for sight in SIGHTS
    }
    yield opened
    for pair in opened.values():
        for brain in pair:
            brain.close()


def axes_of(points):
    """From a crop's middle to its upper edge, and to its right one."""
    return points[1, :2] - points[3, :2], points[2, :2] - points[3, :2]


def turn_between(one, other) -> float:
    """Degrees, clockwise as the picture is seen."""
    return math.degrees(math.atan2(one[0] * other[1] - one[1] * other[0], one @ other))


@pytest.mark.parametrize("sight", SIGHTS)
def test_a_picture_that_is_turned_gives_landmarks_that_are_turned(chains, testdata, sight):
    first, second = chains[sight]
    axes = {}
    for turn in TURNS:
        image, disc = paint(testdata, sight, turn)
        found, answer = first.then(second).infer_all(Frame.from_image(image))
        assert answer.parents.tolist() == [found.scores.argmax()]
        points = answer.keypoints[0]
        np.testing.assert_allclose(points[0, :2], disc, atol=0.75)
        axes[turn] = axes_of(points)
    for turn in TURNS[1:]:
        for before, after in zip(axes[0], axes[turn], strict=True):
            assert turn_between(before, after) == pytest.approx(turn, abs=DIRECTION)
            assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before), rel=0.25)


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_crop_lies_as_the_published_graph_says(chains, testdata, sight):
    """Of the very keypoints that the detector gave."""
    first, second = chains[sight]
    image, _ = paint(testdata, sight, 30)
    found, answer = first.then(second).infer_all(Frame.from_image(image))
    (x1, y1, x2, y2), points = found.boxes[0].astype(float), found.keypoints[0, :, :2].astype(float)
    up, right = axes_of(answer.keypoints[0])
    line = points[2 if sight == "hand" else 1] - points[0]
    assert turn_between(line, up if sight == "hand" else right) == pytest.approx(0, abs=0.1)
    reach = max(x2 - x1, y2 - y1) / 2 * (2.6 if sight == "hand" else 1.5)
    assert np.hypot(*up) == pytest.approx(reach, rel=0.01)  # sides are whole pixels
    ahead = up / np.hypot(*up) * (y2 - y1) * (0.5 if sight == "hand" else 0)
    np.testing.assert_allclose(
        answer.keypoints[0, 3, :2], [(x1 + x2) / 2 + ahead[0], (y1 + y2) / 2 + ahead[1]], atol=0.01
    )


def test_what_is_said_counts_more_than_what_the_second_brain_wants(chains, testdata):
    first, second = chains["hand"]
    frame = Frame.from_image(paint(testdata, "hand", 90)[0])
    wanted = second.crops
    assert [rule.line for rule in wanted] == [(0, 2)]
    told = first.then(second, crops=wanted[0]).infer(frame)
    assert told == attrs.evolve(first.then(second).infer(frame), ms=told.ms)
    up = {
        name: axes_of(first.then(second, crops=crops, margin=0.25).infer(frame).keypoints[0])[0]
        for name, crops in {
            "own": None, "upright": (), "wide": [attrs.evolve(wanted[0], scale=5.2)], "box": CropRule(scale=2),
        }.items()
    }  # fmt: skip
    assert up["upright"][0] == up["box"][0] == 0
    assert up["box"][1] == pytest.approx(2 * up["upright"][1], rel=0.1)
    assert abs(turn_between(up["own"], up["upright"])) > 45
    np.testing.assert_allclose(up["wide"], 2 * up["own"], rtol=0.02)


def test_a_chain_that_is_typed_gives_points_of_the_whole_picture(runner, cases, marks, testdata, tmp_path):
    image, disc = paint(testdata, "hand", 30)
    image.save(tmp_path / "turned.png")
    palm = cases / "models" / SIGHTS["hand"][0]
    shown = {}
    for words in (
        "",
        "[palm]",
        "[scale=5.2]",
        "[align=none, margin=1]",
        "[align=2-0, at=-90, square=1, scale=2.6, shift_y=-0.5]",
    ):
        done = runner("run", tmp_path / "turned.png", "--brain", f"{palm}?name=palm{words} > {marks['hand']}")
        assert done.returncode == 0, done.stderr
        line = json.loads(done.stdout.splitlines()[0])
        (hand,) = line["inferences"][1]["instances"]
        np.testing.assert_allclose(hand["keypoints"][0][:2], disc, atol=0.75, err_msg=words)
        shown[words] = axes_of(np.array(hand["keypoints"]))[0]
    own, named, wide, upright, spelt = shown.values()
    np.testing.assert_allclose(named, own)
    np.testing.assert_allclose(wide, 2 * own, rtol=0.02)
    np.testing.assert_allclose(spelt, own, atol=0.1)
    assert upright[0] == 0


class Scripted(Brain):
    """Says of every frame the same."""

    version, task, family, engine = "1", "keypoints", "none", "none"
    labels = LabelMap.from_names(["thing"])

    def __init__(self, name, **columns):
        self.name, self._columns = name, columns

    def infer(self, frame):
        return Inference(
            brain=self.name, task=self.task, size=frame.size, labels=self.labels, model_ids=[0], **self._columns
        )


def test_both_eyes_of_a_face_are_looked_into_one_of_them_as_in_a_mirror(tmp_path):
    points = np.zeros((1, 468, 3))
    points[0, [33, 133, 362, 263], :2] = (40, 52), (60, 48), (100, 40), (120, 36)
    eye = write_landmarks(tmp_path / "eye.onnx", 64, (213, 15))
    pixels = np.full((90, 160, 3), 90, np.uint8)
    pixels[44:47, 54:57], pixels[32:35, 114:117] = (255, 0, 0), (255, 0, 0)
    with open_brain(eye) as brain:
        result = FrameExecutor([Scripted("face", keypoints=points).then(brain)]).run_frame(Frame.from_array(pixels))
    _, eyes = result.answers
    assert eyes.parents.tolist() == [0, 0]
    np.testing.assert_allclose(eyes.keypoints[:, 0, :2], [[55.5, 45.5], [115.5, 33.5]], atol=0.3)
    for middle, row, sign in (((50, 50), 0, 1), ((110, 38), 1, -1)):
        np.testing.assert_allclose(eyes.keypoints[row, 3, :2], middle, atol=0.05)
        up, right = axes_of(eyes.keypoints[row])
        direction = np.array([20, -4]) / math.hypot(20, 4)
        np.testing.assert_allclose(right, sign * 23 * direction, atol=0.3)
        np.testing.assert_allclose(up, 23 * np.array([direction[1], -direction[0]]), atol=0.3)


def test_a_turned_box_may_be_cropped_as_it_lies(tmp_path):
    boats = Scripted("boats", boxes=[[40, 30, 120, 60]], angles=[0.4])
    pixels = np.full((90, 160, 3), 90, np.uint8)
    pixels[40:43, 70:73] = (255, 0, 0)
    with open_brain(write_landmarks(tmp_path / "hand.onnx", *HAND)) as brain:
        answers = {
            name: boats.then(brain, crops=crops).infer(Frame.from_array(pixels)) for name, crops in
            {"turned": CropRule(square=True), "upright": ()}.items()
        }  # fmt: skip
    for answer in answers.values():
        np.testing.assert_allclose(answer.keypoints[0, 0, :2], (71.5, 41.5), atol=0.3)
    _, right = axes_of(answers["turned"].keypoints[0])
    np.testing.assert_allclose(right, 40 * np.array([math.cos(0.4), math.sin(0.4)]), atol=0.3)
    assert answers["turned"].angles.tolist() == [pytest.approx(0.4)]
    assert axes_of(answers["upright"].keypoints[0])[1][1] == 0
    assert answers["upright"].angles is None


def test_a_line_that_the_first_brain_does_not_have_costs_the_second_its_answer():
    first, second = Scripted("first", boxes=[[1, 1, 9, 9]]), Scripted("second")
    result = FrameExecutor([first.then(second, crops=CropRule(line=(0, 1)))]).run_frame(
        Frame.from_array(np.zeros((20, 20, 3), np.uint8))
    )
    assert [entry.brain for entry in result.answers] == ["first"]
    assert "brain first gives 0 keypoints" in result.failures[0].message


def test_a_turned_run_is_resumed_only_with_the_same_crops():
    first, second = Scripted("first"), Scripted("second")
    assert "crops" not in first.then(second).conditions
    told = [first.then(second, crops=CropRule(line=(0, 1), scale=scale)).conditions for scale in (1, 2, 2)]
    assert told[0] != told[1] == told[2]
    json.dumps(told)


def test_three_in_a_row_keep_the_crops_of_each():
    one, two, three = (Scripted(name) for name in ("one", "two", "three"))
    rule, other = CropRule(line=(0, 1)), CropRule(scale=2)
    left = one.then(two, crops=rule).then(three, crops=other)
    right = one.then(two.then(three, crops=other), crops=rule)
    for chain in (left, right):
        assert (chain.rules, chain.first.rules) == ((other,), (rule,))
        assert chain.at_threshold(0.4).rules == (other,)
