"""Measure the exported brains and write what was measured into their cards.

`python evaluate.py ../src/runner_demo/brains --validation DATA/validation --held-out DATA/held-out`: the threshold is
the one of best F1 on the validation split, mAP is that of the held-out split, both of the frozen graph fed with JPEG
bytes; the SavedModel is measured beside it, fed with pixels, and the exported networks as runner runs them.
"""

import argparse
import contextlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from export import LABELS, LEAST, ROLES
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from render import SPLITS

from runner_core import open_brain

Found = tuple[np.ndarray, np.ndarray]
"""Boxes N x 4 float32 (top, left, bottom, right as shares of the picture) and scores N float32."""
Detector = Callable[[bytes], Found]


def trimmed(boxes: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Found:
    """Return the detections of one picture without the zeros that fill up."""
    return boxes[0, : int(count[0])], scores[0, : int(count[0])]


def frozen(path: Path) -> Detector:
    """Return the frozen graph at `path` as a function of encoded bytes."""
    definition = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(definition, name="")
    session = tf.compat.v1.Session(graph=graph)
    wanted = [f"{ROLES[role]}:0" for role in ("boxes", "scores", "count")]
    return lambda data: trimmed(*session.run(wanted, {"encoded_image_string_tensor:0": [data]}))


def saved(path: Path) -> Detector:
    """Return the SavedModel at `path` as a function of encoded bytes, which Pillow decodes."""
    model = tf.saved_model.load(str(path))

    def detect(data: bytes) -> Found:
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        # Asked for anew each time: a signature alone does not keep its model alive.
        found = model.signatures["serving_default"](input_tensor=tf.constant(pixels[None]))
        return trimmed(*(found[ROLES[role]].numpy() for role in ("boxes", "scores", "count")))

    return detect


def exported(path: Path) -> Detector:
    """Return the exported network at `path` as a function of encoded bytes, with runner around it."""
    brain = open_brain(path, conf=LEAST)

    def detect(data: bytes) -> Found:
        told = brain.run(data)
        shares = told.boxes / np.array(told.size * 2, np.float32)
        return shares[:, [1, 0, 3, 2]], told.scores

    return detect


def results(detect: Detector, folder: Path, truth: COCO, category: int) -> list[dict]:
    """Return COCO results of `detect` on every picture of a rendered split."""
    rows = []
    for picture in truth.dataset["images"]:
        boxes, scores = detect((folder / picture["file_name"]).read_bytes())
        width, height = picture["width"], picture["height"]
        for (top, left, bottom, right), score in zip(boxes.tolist(), scores.tolist(), strict=True):
            box = [left * width, top * height, (right - left) * width, (bottom - top) * height]
            rows.append({"image_id": picture["id"], "category_id": category, "bbox": box, "score": score})
    return rows


def judged(truth: COCO, rows: list[dict], category: int) -> COCOeval:
    """Return the accumulated COCO evaluation of one category, quietly."""
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth, truth.loadRes(rows), "bbox")
        judge.params.catIds = [category]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge


def best_threshold(judge: COCOeval) -> tuple[float, float]:
    """Return the threshold of best F1 at IoU 0.5 and that F1; it lies between two neighbouring scores."""
    precision, score = judge.eval["precision"][0, :, 0, 0, -1], judge.eval["scores"][0, :, 0, 0, -1]
    recall = judge.params.recThrs
    f1 = np.where(precision > 0, 2 * precision * recall / (precision + recall + 1e-9), 0)
    best = int(f1.argmax())
    lower = score[best + 1] if best + 1 < len(score) and score[best + 1] > 0 else score[best] * 0.9
    return round(float(score[best] + lower) / 2, 2), round(float(f1[best]), 3)


def load(folder: Path) -> COCO:
    """Return the truth of a rendered split."""
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(folder / "coco.json"))


def measure(folder: Path, validation: Path, held_out: Path) -> dict:
    """Return the card of the brain in `folder` with threshold and scores as measured."""
    card = json.loads((folder / "brain.json").read_text())
    category, _ = LABELS[card["name"]]
    graph, model = frozen(folder / f"{card['name']}.pb"), saved(folder / "saved_model")
    truth, tuning = load(held_out), load(validation)
    card["threshold"], f1 = best_threshold(judged(tuning, results(graph, validation, tuning, category), category))
    whole = judged(truth, results(graph, held_out, truth, category), category).stats
    others = {
        "saved_model": model,
        **{name: exported(folder / f"{card['name']}.{name}") for name in ("tflite", "onnx")},
    }
    beside = {
        name: judged(truth, results(other, held_out, truth, category), category).stats for name, other in others.items()
    }
    card["training"] |= {
        "first_seeds": SPLITS,
        "validation_pictures": len(tuning.imgs),
        "f1_at_threshold": f1,
        "held_out_pictures": len(truth.imgs),
        "held_out_objects": len(truth.getAnnIds(catIds=[category])),
        "mAP50": round(float(whole[1]), 4),
        "mAP50_95": round(float(whole[0]), 4),
    }
    for name, stats in beside.items():
        card["training"] |= {f"{name}_mAP50": round(float(stats[1]), 4), f"{name}_mAP50_95": round(float(stats[0]), 4)}
    return card


def main() -> None:
    """Read the command line, measure every brain and rewrite its card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("brains", type=Path)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    given = parser.parse_args()
    for path in sorted(given.brains.glob("*/brain.json")):
        card = measure(path.parent, given.validation, given.held_out)
        path.write_text(json.dumps(card, indent=2) + "\n")
        print(card["name"], card["threshold"], card["training"])


if __name__ == "__main__":
    main()
