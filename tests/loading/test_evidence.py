"""What the answers to a picture and to its changes say of the input: ``weigh_answers``, and the changes themselves."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from runner_core.frames.frame import Frame
from runner_core.loading.evidence import Answers, measure_sureness, weigh_answers
from runner_core.loading.picture_changes import CHANGES, LONGEST, PictureTrial
from runner_core.results.inference import Inference
from runner_core.results.pixel_map import PixelMap

SIZE = (100, 80)


def boxes(*rows, score=0.9):
    corners = np.array(rows, np.float32).reshape(-1, 4)
    return Inference("a", "object-detection", SIZE, np.zeros(len(rows), int), boxes=corners, scores=[score] * len(rows))


def classes(*scores):
    numbers = np.argsort(-np.array(scores), kind="stable")
    return Inference("a", "classification", SIZE, numbers, scores=np.array(scores)[numbers])


def a_map(number, columns):
    class_map = np.zeros(SIZE[::-1], int)
    class_map[:, columns] = number
    return Inference("a", "semantic-segmentation", SIZE, np.array([number]), class_map=class_map)


def a_matte(columns):
    levels = np.zeros(SIZE[::-1], np.uint8)
    levels[:, columns] = 200
    matte = PixelMap("alpha", levels, SIZE[::-1])
    return Inference("a", "matting", SIZE, np.zeros(1, int), boxes=np.ones((1, 4)), pixel_map=matte)


def points(*places):
    column = np.array([[[x, y, 0.9] for x, y in places]], np.float32)
    return Inference("a", "keypoints", SIZE, np.zeros(1, int), scores=[0.9], keypoints=column)


def vector(*numbers):
    return Inference("a", "vector", SIZE, np.zeros(1, int), vectors=np.array([numbers], np.float32))


def weigh(found, again, empty):
    return weigh_answers([Answers(found, (again,) * 5, (empty,) * 2)])[0]


ONE = (10, 10, 50, 60)
GRID = [(x, y, x + 8, y + 8) for x in range(0, 90, 9) for y in range(0, 70, 9)]
MOVED = [(x + 5, y + 5, x2 + 5, y2 + 5) for x, y, x2, y2 in GRID]


def test_a_box_that_stays_is_evidence_and_one_that_goes_is_not():
    assert weigh(boxes(ONE), boxes(ONE), boxes()) > 0.8
    assert weigh(boxes(ONE), boxes(), boxes()) < 0
    assert weigh(boxes(ONE), boxes((60, 10, 90, 60)), boxes()) < 0
    assert weigh(boxes(), boxes(), boxes()) == 0


def test_more_boxes_and_higher_scores_are_no_evidence():
    few = weigh(boxes(ONE, score=0.6), boxes(ONE, score=0.6), boxes())
    many = weigh(boxes(*GRID, score=1.0), boxes(*MOVED, score=1.0), boxes())
    assert many < 0 < few


def test_what_is_found_in_noise_is_no_evidence():
    assert weigh(boxes(*GRID), boxes(*GRID), boxes(*GRID)) <= 0 < weigh(boxes(*GRID), boxes(*GRID), boxes())


def test_one_pictures_nonsense_does_not_outweigh_what_others_show():
    good, bad = Answers(boxes(ONE), (boxes(ONE),), (boxes(),)), Answers(boxes(*GRID), (boxes(),), (boxes(*GRID),))
    assert weigh_answers([good, bad]).tolist() == pytest.approx([13 / 15, -1.0], abs=1e-3)


def test_a_box_of_another_class_is_not_the_same():
    other = attrs.evolve(boxes(ONE), model_ids=np.ones(1, int))
    assert weigh(boxes(ONE), other, boxes()) < 0


CAT, DOG, UNSURE = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.4, 0.35, 0.25)


def weigh_scores(*pictures):
    nothing = classes(1 / 3, 1 / 3, 1 / 3)
    return weigh_answers([Answers(classes(*found), (classes(*again),), (nothing,)) for found, again in pictures]).mean()


def test_class_scores_must_tell_pictures_apart_and_stay():
    told_apart = weigh_scores((CAT, CAT), (DOG, DOG))
    assert told_apart > weigh_scores((UNSURE, UNSURE), (UNSURE[::-1], UNSURE[::-1])) > 0
    assert weigh_scores((CAT, CAT), (CAT, CAT)) == pytest.approx(0)
    assert weigh_scores((CAT, DOG), (DOG, CAT)) < 0


def test_sharper_scores_that_do_not_stay_are_no_evidence():
    sharp = weigh_scores(((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (0, 1, 0)), ((0, 0, 1), (0, 0, 1)))
    assert sharp < weigh_scores((CAT, CAT), (DOG, DOG), (DOG, DOG))


def test_classes_beyond_the_best_few_count_as_one():
    few = Inference("a", "classification", SIZE, np.array([7]), scores=[0.6])
    other = Inference("a", "classification", SIZE, np.array([900]), scores=[0.6])
    assert weigh_answers([Answers(few, (few,), (few,)), Answers(other, (other,), (few,))]).mean() > 0.2


def test_how_sure_it_is_is_what_the_best_class_keeps():
    assert measure_sureness([Answers(classes(*CAT), (classes(*CAT),), ())]) == pytest.approx(0.9)
    assert measure_sureness([Answers(classes(*CAT), (classes(*DOG),), ())]) == pytest.approx((0.9 + 0.05) / 2)
    assert measure_sureness([Answers(boxes(ONE), (boxes(ONE),), ())]) == 0


def test_maps_points_and_vectors_must_stay_and_be_lost_in_noise():
    left, right = a_map(1, slice(0, 40)), a_map(1, slice(60, 100))
    assert weigh(left, left, right) == 1
    assert weigh(left, right, left) == -1
    dark, bright = a_matte(slice(0, 40)), a_matte(slice(60, 100))
    assert weigh(dark, dark, bright) == 1
    assert weigh(dark, a_matte(slice(0, 80)), bright) == 0.5
    assert weigh(dark, bright, dark) == -1
    here, there = points((10, 10), (50, 40)), points((90, 70), (70, 70))
    assert weigh(here, here, there) == pytest.approx(0.9)
    assert weigh(here, here, here) == 0
    one, other = vector(1, 0), vector(0, 1)
    alike = weigh_answers([Answers(one, (one,), (one,)), Answers(one, (one,), (one,))])
    apart = weigh_answers([Answers(one, (one,), (one,)), Answers(other, (other,), (one,))])
    assert alike.tolist() == pytest.approx([0, 0])
    assert apart.tolist() == pytest.approx([1, 1])


@pytest.fixture
def frame():
    """Dark, with one bright square."""
    pixels = np.full((80, 100, 3), 40, np.uint8)
    pixels[20:50, 30:60] = (200, 150, 100)
    return Frame.from_array(pixels)


def find_square(frame):
    """A detector, a segmenter and a finder of corners in one, which goes by what is brighter than most."""
    grey = frame.pixels.mean(axis=2)
    class_map = (grey >= (grey.min() + grey.max()) / 2).astype(int)
    rows, columns = np.flatnonzero(class_map.any(axis=1)), np.flatnonzero(class_map.any(axis=0))
    corners = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], np.float32)
    points = np.concatenate([corners.reshape(1, 2, 2), np.full((1, 2, 1), 0.9)], axis=-1)
    return Inference(
        "a", "any", frame.size, np.ones(1, int), scores=[0.9], boxes=corners, keypoints=points, class_map=class_map
    )


def test_the_answer_to_each_change_is_carried_back(frame):
    answers = PictureTrial.of(frame).ask(find_square)
    assert len(answers.again) == len(CHANGES) == 5
    for again in answers.again:
        np.testing.assert_array_equal(again.boxes, answers.found.boxes)
        np.testing.assert_array_equal(again.class_map, answers.found.class_map)
        xs = sorted(again.keypoints[0, :, 0].tolist())
        assert xs == sorted(answers.found.keypoints[0, :, 0].tolist())


def test_each_change_changes_the_picture_and_keeps_its_size(frame):
    trial = PictureTrial.of(frame)
    shown = [trial.picture, *trial.changed, *trial.empty]
    assert {each.size for each in shown} == {(100, 80)}
    assert len({each.pixels.tobytes() for each in shown}) == len(shown)


def test_a_large_picture_is_shrunk():
    assert PictureTrial.of(Frame.from_array(np.zeros((500, 2 * LONGEST, 3), np.uint8))).picture.size == (LONGEST, 250)
