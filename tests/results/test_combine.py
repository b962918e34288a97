"""Answers of several brains merged into one."""

import numpy as np
import pytest

from runner_core import Inference, Label, LabelMap
from runner_core.errors import UsageError
from runner_core.results.combine import merge

SIZE = (40, 30)


def answer(brain, rows, labels, **more) -> Inference:
    """``rows``: (model_id, score, box)."""
    ids, scores, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    return Inference(
        brain=brain, task="object-detection", size=SIZE, labels=labels, model_ids=np.array(ids, int),
        scores=np.array(scores, np.float32), boxes=np.array(boxes, np.float32).reshape(-1, 4), **more,
    )  # fmt: skip


COCO = LabelMap((Label(1, 1, "person"), Label(4, 4, "motorcycle")))
VOC = LabelMap((Label(0, 4, "motorbike"), Label(1, 7, "person")))
HERE, NEAR, AWAY = (0, 0, 10, 10), (0, 0, 10, 9), (20, 20, 30, 30)


def test_of_the_same_thing_found_twice_the_better_stays_and_says_whose_it_is():
    merged = merge([
        answer("coco", [(1, 0.8, HERE), (4, 0.6, AWAY)], COCO),
        answer("voc", [(1, 0.9, NEAR), (0, 0.5, HERE)], VOC),
    ])  # fmt: skip
    assert merged.inference.names == ["person", "motorcycle", "motorbike"]
    assert merged.brains == ["voc", "coco", "voc"]
    assert merged.origins.tolist() == [[1, 0], [0, 1], [1, 1]]
    for row, (source, place) in enumerate(merged.origins.tolist()):
        assert merged.inference.instances[row].box == merged.sources[source].instances[place].box


def test_classes_of_another_name_are_one_where_the_caller_says_so():
    message = answer("coco", [(4, 0.6, HERE)], COCO), answer("voc", [(0, 0.5, NEAR)], VOC)
    assert len(merge(message).inference) == 2
    assert merge(message, classes={"motorcycle": "motorbike"}).inference.names == ["motorbike"]
    assert len(merge(message, classes={"motorcycle": "motorbike"}, iou=None).inference) == 2


def test_a_file_id_that_two_names_claim_is_the_first_ones():
    merged = merge([answer("coco", [(4, 0.6, HERE)], COCO), answer("voc", [(0, 0.5, AWAY)], VOC)]).inference
    assert [(row.label, row.file_id) for row in merged.instances] == [("motorcycle", 4), ("motorbike", 5)]


def test_overlap_at_the_threshold_and_among_other_classes_stays():
    rows = [(1, 0.9, (0, 0, 10, 10)), (1, 0.8, (0, 0, 10, 5))]
    assert len(merge([answer("coco", rows, COCO)], iou=0.5).inference) == 2
    assert len(merge([answer("coco", rows, COCO)], iou=0.49).inference) == 1


def test_suppression_is_greedy():
    """The second falls to the first, so it cannot take the third with it."""
    rows = [(1, 0.9, (0, 0, 10, 10)), (1, 0.8, (4, 0, 14, 10)), (1, 0.7, (8, 0, 18, 10))]
    assert merge([answer("coco", rows, COCO)], iou=0.4).origins[:, 1].tolist() == [0, 2]


@pytest.mark.parametrize("background", ["background", "__background__", "???"])
def test_of_class_maps_the_first_that_names_a_pixel_counts(background):
    labels = LabelMap.from_names([background, "page"]), LabelMap.from_names(["graph", background])
    left, right = np.zeros((30, 40), np.uint8), np.ones((30, 40), np.uint8)
    left[:, :20], right[:10] = 1, 0
    merged = merge([answer(str(part), [], labels[part], class_map=each) for part, each in enumerate((left, right))])
    names = np.array(merged.inference.labels.names)[merged.inference.class_map]
    assert set(names[:, :20].ravel()) == {"page"}
    assert set(names[:10, 20:].ravel()) == {"graph"}
    assert set(names[10:, 20:].ravel()) == {background}


def test_columns_that_not_all_have_are_left_out():
    names = Inference(brain="names", task="classification", size=SIZE, model_ids=np.array([1]), scores=np.array([0.5]))
    boxed = answer("coco", [(1, 0.8, HERE)], COCO)
    merged = merge([boxed, names], iou=None).inference
    assert (merged.boxes, merged.task, len(merged)) == (None, "object-detection+classification", 2)
    with pytest.raises(UsageError, match="gives no boxes"):
        merge([boxed, names])
    assert merge([boxed, names.take(np.array([], int))]).inference.boxes is not None


def test_other_pictures_are_refused():
    other = Inference(brain="other", task="object-detection", size=(9, 9), model_ids=np.array([], int))
    for answers in ([], [answer("coco", [], COCO), other]):
        with pytest.raises(UsageError, match="one picture"):
            merge(answers)


def test_nothing_found_merges_to_nothing():
    merged = merge([answer("coco", [], COCO), answer("voc", [], VOC)])
    assert (len(merged.inference), merged.origins.shape, merged.brains) == (0, (0, 2), [])
