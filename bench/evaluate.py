"""Evaluating the answers to 500 pictures, 1,000 resamples included, against pycocotools' evaluation alone.

Both get the same boxes: 12 real things a picture in three classes, 30 answers, crowds in every tenth.
"""

from __future__ import annotations

import contextlib
import io
import sys

import attrs
import numpy as np
from _measure import alternate, print_verdict
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from runner_eval.detection import DetectionMeter
from runner_eval.evaluator import RESAMPLES

from runner_core.cards.labels import LabelMap
from runner_core.datasets import Truth
from runner_core.results.inference import Inference

PICTURES, REAL, FOUND, NAMES, SIZE, BAR, ROUNDS = 500, 12, 30, ("a", "b", "c"), (640, 480), 2.0, 5


def make_pair(random: np.random.Generator, place: int) -> tuple[Truth, Inference]:
    low = random.uniform(0, 400, (REAL, 2))
    boxes = np.concatenate([low, low + random.uniform(10, 120, (REAL, 2))], axis=1).astype(np.float32)
    real = Inference(
        brain="", task="object-detection", size=SIZE, labels=LabelMap.from_names(NAMES),
        model_ids=random.integers(0, len(NAMES), REAL), boxes=boxes,
    )  # fmt: skip
    rows = random.integers(0, REAL, FOUND)
    moved = (boxes[rows] + random.normal(0, 6, (FOUND, 4))).astype(np.float32)
    scores = np.sort(random.random(FOUND, np.float32))[::-1]
    answer = attrs.evolve(real, model_ids=real.model_ids[rows], boxes=moved, scores=scores)
    return Truth(real, frozenset([0] if place % 10 == 0 else [])), answer


def to_coco(pairs: list[tuple[Truth, Inference]]) -> tuple[dict[str, object], list[dict[str, object]]]:
    annotations: list[dict[str, object]] = []
    results: list[dict[str, object]] = []
    for place, (truth, answer) in enumerate(pairs, 1):
        for part, rows in ((truth.answer, annotations), (answer, results)):
            assert part.boxes is not None
            for row, (x1, y1, x2, y2) in enumerate(part.boxes.astype(float).tolist()):
                one = {
                    "image_id": place,
                    "category_id": int(part.model_ids[row]) + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                }
                if part.scores is None:
                    crowd = int(row in truth.ignored)
                    one |= {"id": len(rows) + 1, "area": (x2 - x1) * (y2 - y1), "iscrowd": crowd}
                else:
                    one["score"] = float(part.scores[row])
                rows.append(one)
    images = [{"id": place, "width": SIZE[0], "height": SIZE[1]} for place in range(1, len(pairs) + 1)]
    categories = [{"id": number, "name": name} for number, name in enumerate(NAMES, 1)]
    return {"info": {}, "images": images, "annotations": annotations, "categories": categories}, results


def main() -> None:
    random = np.random.default_rng(0)
    pairs = [make_pair(random, place) for place in range(PICTURES)]
    weights = random.multinomial(PICTURES, np.full(PICTURES, 1 / PICTURES), RESAMPLES)
    data, results = to_coco(pairs)
    figures: dict[str, float | None] = {}

    def ours() -> None:
        meter = DetectionMeter(NAMES, 0.3)
        for place, pair in enumerate(pairs):
            meter.add(place, *pair)
        figures["ours"] = meter.finish(weights)[0].figures["mAP50:95"]

    def theirs() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO()
            truth.dataset = data
            truth.createIndex()
            run = COCOeval(truth, truth.loadRes([dict(row) for row in results]), "bbox")
            run.evaluate(), run.accumulate(), run.summarize()
        figures["theirs"] = float(run.stats[0])

    spent = alternate({"ours": ours, "theirs": theirs}, rounds=ROUNDS)
    ratio = spent["ours"] / spent["theirs"]
    print(
        f"{PICTURES} pictures: pycocotools {spent['theirs']:.0f} ms; {RESAMPLES} resamples too {spent['ours']:.0f} ms"
    )
    if figures["ours"] is None or abs(figures["ours"] - (figures["theirs"] or 0)) > 1e-6:
        sys.exit(f"MISSED other figures than pycocotools': {figures}")
    sys.exit(not print_verdict("evaluating with intervals, by pycocotools without", ratio, BAR, "times"))


if __name__ == "__main__":
    main()
