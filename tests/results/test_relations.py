"""Which box lies in which."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from runner_core import Inference
from runner_core.errors import UsageError
from runner_core.results.boxes import box_ious
from runner_core.results.combine import nearest_iou


def inference(boxes, *, brain="alpha", size=(100, 100)) -> Inference:
    column = np.array(boxes, np.float32).reshape(-1, 4)
    return Inference(
        brain=brain, task="object-detection", size=size, model_ids=np.zeros(len(column), int), boxes=column
    )


def rows(pairs) -> list[tuple[int, int]]:
    return list(zip(pairs.alphas.tolist(), pairs.bravos.tolist(), strict=True))


def test_the_best_of_those_that_overlap_enough():
    alpha = inference([[0, 0, 10, 10], [50, 50, 60, 60]])
    bravo = inference([[0, 0, 10, 20], [1, 0, 10, 10], [80, 80, 90, 90]])
    pairs = nearest_iou(alpha, bravo)
    assert rows(pairs) == [(0, 1)]
    assert pairs.ious == pytest.approx([0.9])
    assert pairs.containments == pytest.approx([0.9])


def test_a_box_within_another_needs_little_of_it():
    page = inference([[0, 0, 100, 100]])
    inside, out_of_it, tiny = [10, 10, 30, 30], [85, 10, 105, 30], [10, 10, 15, 15]
    pairs = nearest_iou(inference([inside, out_of_it, tiny]), page)
    assert rows(pairs) == [(0, 0)]
    assert pairs.ious == pytest.approx([0.04])
    assert pairs.containments == pytest.approx([1])
    assert rows(nearest_iou(inference([tiny]), page, inside_iou=0.001)) == [(0, 0)]


def test_exactly_at_the_threshold_is_not_above_it():
    half = inference([[0, 0, 10, 10]]), inference([[0, 5, 10, 10]])
    assert len(nearest_iou(*half, iou=0.5, inside_iou=0.5)) == 0
    assert len(nearest_iou(*half, iou=0.49)) == 1


def test_nothing_on_either_side_is_not_a_pair():
    some, none = inference([[0, 0, 1, 1]]), inference([])
    assert [len(nearest_iou(*each)) for each in ((some, none), (none, some), (none, none))] == [0, 0, 0]
    no_boxes = Inference(brain="names", task="classification", size=(100, 100), model_ids=np.array([], int))
    assert len(nearest_iou(no_boxes, some)) == 0


def test_what_cannot_be_compared_is_refused():
    some = inference([[0, 0, 1, 1]])
    with pytest.raises(UsageError, match="different sizes"):
        nearest_iou(some, inference([[0, 0, 1, 1]], size=(50, 50)))
    names = Inference(brain="names", task="classification", size=(100, 100), model_ids=np.array([1]))
    with pytest.raises(UsageError, match="brain names gives no boxes"):
        nearest_iou(some, names)


corners = arrays(np.float64, st.tuples(st.integers(0, 6), st.just(4)), elements=st.integers(0, 12).map(float))


@given(corners, corners)
def test_ious_are_those_of_counted_cells(ours, theirs):
    def cells(box):
        canvas = np.zeros((12, 12), bool)
        x1, y1, x2, y2 = box.astype(int)
        canvas[y1:y2, x1:x2] = True
        return canvas

    ious = box_ious(ours, theirs)
    assert ious.shape == (len(ours), len(theirs))
    for row, our in enumerate(ours):
        for column, their in enumerate(theirs):
            one, other = cells(our), cells(their)
            union = (one | other).sum()
            assert ious[row, column] == pytest.approx((one & other).sum() / union if union else 0)
