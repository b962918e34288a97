"""Crops by rule: against MediaPipe's graphs written out in shares of the picture, as its calculators have them."""

import math

import attrs
import numpy as np
import pytest
from runner_keypoints.landmarks import LANDMARKERS

from runner_core import CropRule, Inference, Mask
from runner_core.errors import UsageError
from runner_core.frames.turned_crop import TurnedCrop
from runner_core.results import turn_boxes
from runner_core.results.carry import carry_to_picture, straighten
from runner_core.results.crops import find_crops, turn_crops

SIZE = (640, 360)
RULES = {each.thing: each.crops for each in LANDMARKERS}
RANDOM = np.random.default_rng(5)


def answer(count=7, rows=3, size=SIZE, **columns):
    """Rows of keypoints somewhere in the picture, and boxes around them."""
    points = RANDOM.uniform(0.3, 0.7, (rows, count, 3)) * (*size, 1)
    boxes = np.concatenate([points[..., :2].min(axis=1) - 5, points[..., :2].max(axis=1) + 9], axis=1)
    told = {"boxes": boxes, "keypoints": points, "model_ids": np.zeros(rows, int)} | columns
    return Inference(brain="first", task="keypoints", size=size, **told)


# rect_from, start, end, target angle in degrees, scale, shift_y: as the options of the graphs have them.
GRAPHS = {
    "face": [("box", 0, 1, 0, 1.5, 0)],  # modules/face_landmark/face_detection_front_detection_to_roi.pbtxt
    "hand": [("box", 0, 2, 90, 2.6, -0.5)],  # modules/hand_landmark/palm_detection_detection_to_roi.pbtxt
    "person": [("alignment", 0, 1, 90, 1.25, 0)],  # modules/pose_landmark/pose_detection_to_roi.pbtxt
    "eye": [("landmarks", 33, 133, 0, 2.3, 0), ("landmarks", 362, 263, 0, 2.3, 0)],  # modules/iris_landmark
}
COUNTS = {"face": 6, "hand": 7, "person": 4, "eye": 468}


def rect_of_graph(instance, rect_from, start, end, target, scale, shift_y):
    """Centre, size and rotation, normalised by the picture's size, of one instance."""
    width, height = SIZE
    points = [(x / width, y / height) for x, y, _ in instance.keypoints]
    (x0, y0), (x1, y1) = points[start], points[end]
    left, top, right, bottom = (value / SIZE[place % 2] for place, value in enumerate(instance.box))
    if rect_from == "landmarks":  # LandmarksToDetectionCalculator
        left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    x_center, y_center, wide, high = left + (right - left) / 2, top + (bottom - top) / 2, right - left, bottom - top
    if rect_from == "alignment":  # AlignmentPointsRectsCalculator
        box_size = 2 * math.sqrt(((x1 - x0) * width) ** 2 + ((y1 - y0) * height) ** 2)
        x_center, y_center, wide, high = x0, y0, box_size / width, box_size / height
    rotation = math.radians(target) - math.atan2(-(y1 - y0) * height, (x1 - x0) * width)
    rotation -= 2 * math.pi * math.floor((rotation + math.pi) / (2 * math.pi))
    x_center += -height * high * shift_y * math.sin(rotation) / width  # RectTransformationCalculator
    y_center += height * high * shift_y * math.cos(rotation) / height
    long_side = max(wide * width, high * height)
    return x_center, y_center, long_side / width * scale, long_side / height * scale, rotation


@pytest.mark.parametrize("thing", GRAPHS)
def test_crops_are_the_rects_of_the_graphs(thing):
    found = answer(COUNTS[thing], rows=20)
    crops = find_crops(found, RULES[thing])
    wanted = [
        (row, rect_of_graph(instance, *options)) for row, instance in enumerate(found) for options in GRAPHS[thing]
    ]
    assert [row for row, _ in crops] == [row for row, _ in wanted]
    for (_, crop), (_, (x, y, wide, high, rotation)) in zip(crops, wanted, strict=True):
        np.testing.assert_allclose(crop.centre, (x * SIZE[0], y * SIZE[1]), atol=1e-2)
        np.testing.assert_allclose(crop.size, (wide * SIZE[0], high * SIZE[1]), rtol=1e-4)
        assert math.cos(crop.angle - rotation) == pytest.approx(1, abs=1e-6)
    assert {crop.mirrored for _, crop in crops} == ({False, True} if thing == "eye" else {False})


@pytest.mark.parametrize("thing", RULES)
def test_all_landmarkers_have_the_crop_of_a_graph(thing):
    assert [rule.keypoints for rule in RULES[thing]] == [COUNTS[thing]] * len(GRAPHS[thing])


@pytest.mark.parametrize("thing", GRAPHS)
@pytest.mark.parametrize("turn", [30, 90, 180, -120])
def test_a_picture_that_is_turned_gives_crops_that_are_turned(thing, turn):
    """Around its middle. Only a box that is made of keypoints turns without changing, so boxes are square here."""
    found = answer(COUNTS[thing], size=(1000, 1000))
    middles = found.keypoints[:, 0, :2]
    found = attrs.evolve(found, boxes=np.concatenate([middles - 40, middles + 40], axis=1))
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    matrix = np.array([[cosine, sine], [-sine, cosine]])  # of rows; clockwise as the picture is seen
    points = found.keypoints.copy()
    points[..., :2] = (points[..., :2] - 500) @ matrix + 500
    middles = (middles - 500) @ matrix + 500
    turned = attrs.evolve(found, keypoints=points, boxes=np.concatenate([middles - 40, middles + 40], axis=1))
    pairs = zip(find_crops(found, RULES[thing]), find_crops(turned, RULES[thing]), strict=True)
    for (_, before), (_, after) in pairs:
        np.testing.assert_allclose(after.centre, (np.array(before.centre) - 500) @ matrix + 500, atol=1e-2)
        assert math.cos(after.angle - before.angle - math.radians(turn)) == pytest.approx(1, abs=1e-6)
        if thing != "eye":  # whose sides are those of the upright box around its corners
            np.testing.assert_allclose(after.size, before.size, rtol=1e-4)


def test_a_turned_box_is_cropped_as_it_lies_an_upright_one_upright():
    found = answer(boxes=[[100, 100, 180, 140]], angles=[0.5], rows=1)
    ((row, crop),) = find_crops(found, [CropRule(scale=1.5)], margin=0.1)
    assert (row, crop) == (0, TurnedCrop((140, 120), (pytest.approx(144), pytest.approx(72)), 0.5))
    upright = attrs.evolve(found, angles=None)
    assert turn_crops(upright, CropRule(square=True)) == [TurnedCrop((140, 120), (80, 80), 0)]
    ((_, outer),) = find_crops(found, [])  # without a rule: the box around it, in whole pixels
    corners = turn_boxes(found.boxes, found.angles)[0]
    assert outer == (*np.floor(corners.min(axis=0)), *np.ceil(corners.max(axis=0)))


def test_a_rule_for_other_instances_leaves_crops_upright():
    boxes = [[10, 10, 50.5, 40]]
    for count, rule in ((6, RULES["hand"]), (7, RULES["face"])):
        assert find_crops(answer(count, rows=1, boxes=boxes), rule) == [(0, (10, 10, 51, 40))]
    without = answer(rows=1, boxes=boxes, keypoints=None)
    assert find_crops(without, RULES["hand"]) == [(0, (10, 10, 51, 40))]


def test_a_line_of_keypoints_that_are_not_there_is_refused():
    with pytest.raises(UsageError, match="brain first gives 7 keypoints, none of the number 9"):
        find_crops(answer(7), [CropRule(line=(0, 9))])
    with pytest.raises(UsageError, match="gives 0 keypoints"):
        find_crops(answer(keypoints=None), [CropRule(line=(0, 1))])
    with pytest.raises(UsageError, match="gives no boxes"):
        find_crops(answer(boxes=None), [CropRule(line=(0, 1))])
    assert len(find_crops(answer(boxes=None), [CropRule(line=(0, 1), around="circle")])) == 3


def test_what_is_outside_or_no_number_is_passed_over():
    points, ends = np.zeros((5, 2, 3)), [(110, 100), (np.nan, 3), (100, 100), (110, 100), (np.inf, 3)]
    points[:, 0, :2], points[:, 1, :2] = (100, 100), ends
    points[3, :, 0] += 2000
    found = answer(keypoints=points, boxes=None, rows=5)
    assert [row for row, _ in find_crops(found, [CropRule(line=(0, 1), around="circle")])] == [0]


def test_nothing_found_gives_no_crops_whatever_columns_it_has():
    for columns in ({"keypoints": np.zeros((0, 7, 3)), "boxes": np.zeros((0, 4))}, {"keypoints": None, "boxes": None}):
        for rules in (RULES["hand"], [CropRule(line=(0, 1))], [CropRule()], []):
            assert find_crops(answer(rows=0, **columns), rules) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"line": (0, 0)}, {"line": (-1, 2)}, {"around": "circle"}, {"around": "all", "line": (0, 1)}, {"scale": 0},
        {"scale": math.inf}, {"shift": (math.nan, 0)},
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"line|around|scale"):
        CropRule(**wrong)


def inside(crop, **columns):
    width, height = crop.pixels
    return Inference(brain="second", task="keypoints", size=(width, height), model_ids=[0], **columns)


@pytest.mark.parametrize("mirrored", [False, True])
def test_answers_are_carried_back(mirrored):
    crop = TurnedCrop((200, 150), (100, 60), 0.6, mirrored)
    points = np.array([[[10, 20, 0.4], [90, 5, 0.9]]])
    told = inside(crop, keypoints=points, boxes=[[20, 10, 50, 40]], angles=[0.2], scores=[0.5])
    carried = carry_to_picture(told, crop, SIZE, 7)
    assert (carried.size, carried.parents.tolist()) == (SIZE, [7])
    np.testing.assert_allclose(carried.keypoints[..., :2], crop.to_picture(points[..., :2]))
    np.testing.assert_allclose(carried.keypoints[..., 2], points[..., 2])
    np.testing.assert_allclose(  # the corners are where each would come by itself; a mirror exchanges left and right
        carried.corners[0][[1, 0, 3, 2] if mirrored else [0, 1, 2, 3]], crop.to_picture(told.corners[0]), atol=1e-3
    )


def test_masks_are_carried_back():
    crop = TurnedCrop((200, 150), (100, 60), 0.6)
    y, x = np.mgrid[:60, :100]
    disc = Mask(array=np.hypot(x - 30, y - 20) < 12)
    (mask,) = carry_to_picture(inside(crop, masks=(disc,)), crop, SIZE, 0).masks
    middle = crop.to_picture(np.array([30.5, 20.5]))
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    apart = np.hypot(x - middle[0], y - middle[1])
    assert mask.array[apart < 11].all()
    assert not mask.array[apart > 13].any()
    over = TurnedCrop((5, 5), (100, 60), 0.6)
    (cut,) = carry_to_picture(inside(over, masks=(Mask(array=np.ones((60, 100), bool)),)), over, SIZE, 0).masks
    assert cut.array[:10, :10].all()
    away = TurnedCrop((-500, 5), (100, 60), 0.6)
    (none,) = carry_to_picture(inside(away, masks=(disc,)), away, SIZE, 0).masks
    assert none.area == 0


def test_boxes_that_are_not_turned_have_no_angle_and_end_at_the_edges():
    crop = TurnedCrop((20, 20), (100, 60))
    carried = carry_to_picture(inside(crop, boxes=[[0, 0, 100, 60]]), crop, SIZE, 0)
    assert carried.angles.tolist() == [0]
    straight = straighten(carried)
    assert (straight.boxes.tolist(), straight.angles) == ([[0, 0, 70, 50]], None)
    turned = attrs.evolve(carried, angles=[0.1])
    assert straighten(turned) is turned
