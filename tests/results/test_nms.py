"""Non-maximum suppression: against the definition, and against OpenCV."""

import numpy as np
import pytest

from runner_core.results.nms import MOST_AT_ONCE, nms


def crowd(count, clusters, classes, seed):
    """Boxes in clusters around a few places of a 640 x 640 picture."""
    random = np.random.default_rng(seed)
    places, sides = random.uniform(0, 640, (clusters, 2)), random.uniform(10, 90, (clusters, 2))
    cluster = random.integers(0, clusters, count)
    centres = places[cluster] + random.normal(0, 0.15, (count, 2)) * sides[cluster]
    halves = sides[cluster] * np.exp(random.normal(0, 0.15, (count, 2))) / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=1).astype(np.float32)
    return boxes, random.random(count).astype(np.float32), random.integers(0, classes, count)


def by_definition(boxes, scores, classes, iou):
    boxes, kept = boxes.astype(np.float64), []
    for row in sorted(range(len(boxes)), key=lambda row: -scores[row]):
        if all(classes[row] != classes[best] or overlap(boxes[row], boxes[best]) <= iou for best in kept):
            kept.append(row)
    return kept


def overlap(one, other):
    wide = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    high = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return wide * high / (sum(areas) - wide * high)


@pytest.mark.parametrize("count", [0, 1, 2, 30, MOST_AT_ONCE, MOST_AT_ONCE + 1, 400])
@pytest.mark.parametrize("clusters", [1, 10, 200])
@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("iou", [0.0, 0.45, 0.9, 1.0])
def test_keeps_what_the_definition_keeps(count, clusters, classes, iou):
    boxes, scores, numbers = crowd(count, clusters, classes, seed=count + clusters)
    assert nms(boxes, scores, numbers, iou).tolist() == by_definition(boxes, scores, numbers, iou)


@pytest.mark.parametrize("clusters", [5, 100, 2000])
@pytest.mark.parametrize("classes", [1, 20])
def test_keeps_what_opencv_keeps(clusters, classes):
    cv2 = pytest.importorskip("cv2")
    boxes, scores, numbers = crowd(3000, clusters, classes, seed=clusters)
    sized = boxes.astype(np.float64)
    sized[:, 2:] -= sized[:, :2]
    kept = cv2.dnn.NMSBoxesBatched(sized, scores, numbers.astype(np.int32), 0.0, 0.45)
    assert nms(boxes, scores, numbers, 0.45).tolist() == np.asarray(kept).tolist()


@pytest.mark.parametrize("count", [5, MOST_AT_ONCE + 5])
def test_equal_scores_keep_their_order(count):
    boxes = np.tile(np.array([0, 0, 10, 10], np.float32), (count, 1)) + 20 * np.arange(count, dtype=np.float32)[:, None]
    assert nms(boxes, np.full(count, 0.5), None, 0.5).tolist() == list(range(count))


@pytest.mark.parametrize("count", [5, MOST_AT_ONCE + 5])
def test_without_classes_all_compete(count):
    boxes = np.tile(np.array([0, 0, 10, 10], np.float32), (count, 1))
    scores = np.linspace(0.1, 0.9, count)
    assert nms(boxes, scores, None, 0.5).tolist() == [count - 1]
    assert len(nms(boxes, scores, np.arange(count), 0.5)) == count


def test_an_overlap_of_exactly_the_limit_stays():
    boxes = np.array([[0, 0, 2, 1], [0, 0, 1, 1]], np.float32)
    assert nms(boxes, np.array([0.9, 0.8]), None, 0.5).tolist() == [0, 1]
    assert nms(boxes, np.array([0.9, 0.8]), None, 0.49).tolist() == [0]
