import io
from contextlib import redirect_stdout

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from runner_train.decode import Decoding, Found, decode
from runner_train.pictures import IGNORED
from runner_train.score import mark, mean_ap


def _draw_case(seed: int):
    """Pictures of 100 x 100 with objects of three classes, and what a careless detector finds in them."""
    chance = np.random.default_rng(seed)
    truths, founds = [], []
    for _ in range(12):
        corner = chance.uniform(0, 0.6, (6, 2))
        boxes = np.concatenate([corner, corner + chance.uniform(0.15, 0.35, (6, 2))], 1).astype(np.float32)
        classes = chance.integers(0, 3, 6)
        moved = np.concatenate([boxes + chance.normal(0, 0.02, boxes.shape), boxes[:2] * 0.5]).astype(np.float32)
        guessed = np.where(chance.random(8) < 0.8, np.append(classes, classes[:2]), chance.integers(0, 3, 8))
        founds.append(Found(moved, chance.random(8).astype(np.float32), guessed))
        truths.append((boxes, classes))
    return truths, founds


def _ask_pycocotools(truths, founds) -> tuple[float, float]:
    annotations, rows = [], []
    for image, ((boxes, classes), found) in enumerate(zip(truths, founds, strict=True), 1):
        for box, kind in zip(boxes * 100, classes, strict=True):
            sized = [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": int(kind) + 1, "bbox": sized,
                 "area": sized[2] * sized[3], "iscrowd": 0}
            )  # fmt: skip
        for box, kind, score in zip(found.boxes * 100, found.classes, found.scores, strict=True):
            sized = [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()]
            rows.append({"image_id": image, "category_id": int(kind) + 1, "bbox": sized, "score": float(score)})
    with redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": number} for number in range(1, len(truths) + 1)],
            "categories": [{"id": number} for number in (1, 2, 3)], "annotations": annotations,
        }  # fmt: skip
        truth.createIndex()
        judged = COCOeval(truth, truth.loadRes(rows), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return judged.stats[1], judged.stats[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_map_is_that_of_pycocotools(seed: int) -> None:
    truths, founds = _draw_case(seed)
    marked = [mark(found, *truth, 3) for found, truth in zip(founds, truths, strict=True)]
    assert mean_ap(marked) == pytest.approx(_ask_pycocotools(truths, founds), abs=1e-6)


def test_what_lies_on_ignored_boxes_counts_neither_way() -> None:
    boxes = np.array([[0, 0, 0.4, 0.4], [0.5, 0.5, 0.9, 0.9]], np.float32)
    found = Found(boxes[::-1].copy(), np.array([0.9, 0.8], np.float32), np.array([0, 0]))
    assert mean_ap([mark(found, boxes, np.array([0, IGNORED]), 1)]) == (1.0, 1.0)
    assert mean_ap([mark(found, boxes[:1], np.array([0]), 1)])[0] < 1


def test_of_overlapping_boxes_of_a_class_the_best_stays() -> None:
    boxes = np.array([[0, 0, 0.5, 0.5], [0.01, 0, 0.5, 0.5], [0.6, 0.6, 0.9, 0.9]], np.float32)
    scores = np.array([[0.6, 0.5], [0.7, 0.0], [0.3, 0.0]], np.float32)
    found = decode(scores, boxes, Decoding())
    assert found.classes.tolist() == [0, 1, 0]
    assert found.scores == pytest.approx([0.7, 0.5, 0.3])
    assert found.boxes[0] == pytest.approx(boxes[1])
