"""How near two answers are: what is matched, what is told, what does not count."""

import attrs
import numpy as np
import pytest

from runner_core.cards.labels import LabelMap
from runner_core.results.compare import Comparison, Tolerance, _box_ious, compare_inferences
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask

SIZE = (200, 100)
CAT, DOG = 0, 1
LABELS = LabelMap.from_names(["cat", "dog"])


def answer(*rows, labels=LABELS, **columns):
    """An Inference of rows (class, score, box)."""
    numbers, scores, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    return Inference(
        brain="b", task="object-detection", size=SIZE, labels=labels, model_ids=np.array(numbers, int),
        scores=scores, boxes=np.reshape(np.array(boxes, float), (-1, 4)), **columns,
    )  # fmt: skip


def plain(**columns):
    return Inference(brain="b", task="t", size=SIZE, labels=LABELS, **columns)


ONE = answer((CAT, 0.9, (0, 0, 100, 50)), (DOG, 0.8, (100, 0, 200, 100)))


def test_equal_answers_agree():
    assert compare_inferences(ONE, ONE) == Comparison(matched=2, boxes=1.0, scores=0.0)


def test_nothing_and_nothing_agree():
    assert compare_inferences(answer(), answer()) == Comparison()


@pytest.mark.parametrize(
    ("other", "counts", "message"),
    [
        (answer((CAT, 0.9, (0, 0, 100, 50))), {"missing": 1}, "only the first has dog 0.800"),
        (
            answer(*((CAT, 0.9, (0, 0, 100, 50)), (DOG, 0.8, (100, 0, 200, 100)), (CAT, 0.7, (0, 60, 50, 90)))),
            {"extra": 1},
            "only the second has cat 0.700",
        ),
        (
            answer((CAT, 0.9, (0, 0, 100, 50)), (CAT, 0.8, (100, 0, 200, 100))),
            {"relabelled": 1},
            "dog 0.800 is cat 0.800 to the second",
        ),
        (answer((CAT, 0.85, (0, 0, 100, 50)), (DOG, 0.8, (100, 0, 200, 100))), {"matched": 2}, "scores: 0.05, at most"),
        (
            answer((CAT, 0.9, (0, 0, 80, 50)), (DOG, 0.8, (100, 0, 200, 100))),
            {"matched": 2},
            "boxes: 0.8, at least 0.9",
        ),
    ],
)
def test_what_differs_is_reported(other, counts, message):
    found = compare_inferences(ONE, other)
    assert {name: getattr(found, name) for name in counts} == counts
    assert len(found.faults) == 1
    assert message in found.faults[0]
    assert not found.ok


def test_the_tolerance_decides():
    other = answer((CAT, 0.85, (0, 0, 80, 50)), (DOG, 0.8, (100, 0, 200, 100)))
    assert compare_inferences(ONE, other, Tolerance(iou=0.8, score=0.051)).ok
    assert compare_inferences(ONE, other, Tolerance(iou=0.8, score=0.049)).faults == (
        "scores: 0.05, at most 0.049 is asked",
    )


def test_who_barely_reached_the_threshold_may_be_missing_on_either_side():
    near, far = (CAT, 0.52, (0, 60, 50, 90)), (CAT, 0.54, (0, 60, 50, 90))
    assert compare_inferences(ONE, answer(near)).missing == 2
    found = compare_inferences(answer(near), answer((DOG, 0.51, (100, 0, 200, 100))))
    assert (found.ok, found.near) == (True, 2)
    assert not compare_inferences(answer(far), answer()).ok
    assert compare_inferences(answer(far), answer(), Tolerance(threshold=0.52)).ok


def test_of_several_of_a_kind_the_nearest_are_matched():
    crowd = answer(*((CAT, 0.9, (x, 0, x + 50, 50)) for x in (0, 20, 40)))
    turned = answer(*((CAT, 0.9, (x, 0, x + 50, 50)) for x in (41, 1, 21)))
    found = compare_inferences(crowd, turned, Tolerance(iou=0.95))
    assert (found.matched, found.boxes) == (3, pytest.approx(49 / 51))


def test_labels_are_matched_by_name_not_by_number():
    other = answer(
        *((2, 0.9, (0, 0, 100, 50)), (1, 0.8, (100, 0, 200, 100))), labels=LabelMap.from_names(["dog", "cat"], first=1)
    )
    assert compare_inferences(ONE, other).ok


def test_masks_are_what_is_matched_where_there_are_any():
    pixels = np.zeros((100, 200), bool)
    pixels[:50, :100] = True
    less = pixels.copy()
    less[:, 75:] = False
    box = (CAT, 0.9, (0, 0, 100, 50))
    found = compare_inferences(answer(box, masks=(Mask(array=pixels),)), answer(box, masks=(Mask(array=less),)))
    assert (found.matched, found.masks, found.boxes) == (1, 0.75, 1.0)
    assert found.faults == ("masks: 0.75, at least 0.9 is asked",)


def test_class_maps_are_compared_by_the_names_of_their_pixels():
    zeros = np.zeros((100, 200), int)
    third = zeros.copy()
    third[:25] = DOG
    one, other = plain(model_ids=[], class_map=zeros), plain(model_ids=[], class_map=third)
    assert compare_inferences(one, one).pixels == 1.0
    assert compare_inferences(one, other).pixels == 0.75
    swapped = LabelMap.from_names(["dog", "cat"])
    assert compare_inferences(one, attrs.evolve(one, labels=swapped)).pixels == 0.0


def test_keypoints_that_both_see_are_compared():
    points = np.array([[[10, 10, 0.9], [20, 20, 0.9], [30, 30, 0.1]]])
    moved = points + [[[3, 4, 0], [0, 0, 0], [90, 0, 0]]]
    one, other = (plain(model_ids=[0], scores=[0.9], keypoints=found) for found in (points, moved))
    assert compare_inferences(one, other).keypoints == pytest.approx(5 / 200)
    assert not compare_inferences(one, other).ok
    assert compare_inferences(one, other, Tolerance(keypoints=0.03)).ok


def test_answers_without_places_are_matched_by_label():
    one, other = (plain(model_ids=numbers, scores=[0.9, 0.6]) for numbers in ([CAT, DOG], [DOG, CAT]))
    found = compare_inferences(one, other)
    assert (found.matched, found.scores) == (2, pytest.approx(0.3))


def test_other_pictures_do_not_agree():
    assert compare_inferences(ONE, attrs.evolve(ONE, size=(100, 100))).faults == (
        "two pictures: 200 x 100 and 100 x 100",
    )


def test_the_total_holds_the_worst():
    each = [Comparison(matched=2, boxes=0.9, scores=0.1), Comparison(extra=1, boxes=0.8, scores=0.0, faults=("x",))]
    assert Comparison.total(each) == Comparison(matched=2, extra=1, boxes=0.8, scores=0.1, faults=("x",))
    assert Comparison.total([]).ok


def test_the_overlap_of_boxes():
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 5, 5]], np.float32)
    np.testing.assert_allclose(_box_ious(boxes, boxes), [[1, 1 / 7, 0], [1 / 7, 1, 0], [0, 0, 1]])
