"""``runner eval`` over files of labels: pycocotools, called directly with the same boxes, gives the same figures."""

import contextlib
import io
import json

import numpy as np
import pytest
from labelled import NAMES, SIZE, make_answer, make_truth
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from runner_core.frames.frame import Frame
from runner_core.results.result import Result

COUNT = 30


@pytest.fixture
def truths():
    return [make_truth(place) for place in range(COUNT)]


@pytest.fixture
def folder(tmp_path, truths):
    """Pictures, and beside them the answers of a run."""
    place = tmp_path / "data"
    (place / "images").mkdir(parents=True)
    lines = []
    for number, truth in enumerate(truths):
        path = place / "images" / f"{number:03}.png"
        Image.new("RGB", SIZE).save(path)
        frame = Frame.from_path(path)
        frame.index = number
        lines.append(json.dumps(Result(frame, (make_answer(truth, 300 + number),)).to_json()))
    (tmp_path / "out.jsonl").write_text("\n".join(lines) + "\n")
    return place


def write_coco(folder, truths, kind="bbox"):
    annotations = []
    for number, truth in enumerate(truths, 1):
        for found in truth.answer.instances:
            x1, y1, x2, y2 = found.box
            points = np.array(found.keypoints)
            points[:, 2] = (points[:, 2] > 0) * 2
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "category_id": found.model_id + 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": found.mask.area * 0.9, "segmentation": found.mask.rle,
                "iscrowd": int(found.id in truth.ignored),
            })  # fmt: skip
            if kind == "keypoints":
                seen = int((points[:, 2] > 0).sum())
                annotations[-1] |= {"keypoints": points.ravel().tolist(), "num_keypoints": seen}
    images = [
        {"id": number, "file_name": f"images/{number - 1:03}.png", "width": SIZE[0], "height": SIZE[1]}
        for number in range(1, len(truths) + 1)
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(NAMES, 1)]
    data = {"info": {}, "images": images, "annotations": annotations, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(data))
    return data


def write_voc(folder, truths):
    """Whole pixels from 1, as VOC has them; what is ignored is ``difficult``."""
    (folder / "Annotations").mkdir()
    for number, truth in enumerate(truths):
        objects = ""
        for found in truth.answer.instances:
            x1, y1, x2, y2 = map(int, found.box)
            objects += (
                f"<object><name>{found.label}</name><difficult>{int(found.id in truth.ignored)}</difficult><bndbox>"
                f"<xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
            )
        size = f"<size><width>{SIZE[0]}</width><height>{SIZE[1]}</height><depth>3</depth></size>"
        text = f"<annotation><filename>{number:03}.png</filename>{size}{objects}</annotation>"
        (folder / "Annotations" / f"{number:03}.xml").write_text(text)


def write_yolo(folder, truths):
    (folder / "labels").mkdir()
    (folder / "data.yaml").write_text(f"path: {folder}\ntrain: images\nval: images\nnames: {list(NAMES)}\n")
    for number, truth in enumerate(truths):
        boxes = truth.answer.boxes.astype(float) / [*SIZE, *SIZE]
        centred = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
        rows = zip(truth.answer.model_ids.tolist(), centred.tolist(), strict=True)
        lines = [f"{label} {' '.join(f'{value:.10f}' for value in row)}\n" for label, row in rows]
        (folder / "labels" / f"{number:03}.txt").write_text("".join(lines))


def call_pycocotools(data, answers, kind):
    results = []
    for line in map(json.loads, answers.read_text().splitlines()):
        for found in line["inferences"][0]["instances"]:
            x1, y1, x2, y2 = found["box"]
            own = {
                "bbox": {"bbox": [x1, y1, x2 - x1, y2 - y1]},
                "segm": {"segmentation": found["mask"]},
                "keypoints": {"keypoints": np.ravel(found["keypoints"]).tolist()},
            }[kind]
            number = NAMES.index(found["label"]) + 1
            results.append({"image_id": line["index"] + 1, "category_id": number, "score": found["score"], **own})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = data
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(results), kind)
        run.evaluate(), run.accumulate(), run.summarize()
    return run.stats.tolist()


def measure(runner, folder, part="boxes"):
    answer = runner("eval", "--answers", folder.parent / "out.jsonl", "--data", folder, "--json")
    assert answer.returncode == 0, answer.stderr
    figures = json.loads(answer.stdout)["brains"][0][part]["figures"].values()
    return [-1 if value is None else value for value in figures]


@pytest.mark.parametrize(("part", "kind"), [("boxes", "bbox"), ("masks", "segm"), ("keypoints", "keypoints")])
def test_a_coco_file_with_crowds_and_areas_of_its_own(runner, folder, truths, part, kind):
    data = write_coco(folder, truths, kind)
    assert sum(row["iscrowd"] for row in data["annotations"]) > 5
    theirs = call_pycocotools(data, folder.parent / "out.jsonl", kind)
    assert measure(runner, folder, part) == pytest.approx(theirs, abs=1e-6)


def test_voc_files_with_the_same_boxes(runner, folder, truths):
    data = write_coco(folder, truths)
    (folder / "instances.json").unlink()
    write_voc(folder, truths)
    for row in data["annotations"]:
        row["area"] = row["bbox"][2] * row["bbox"][3]
    theirs = call_pycocotools(data, folder.parent / "out.jsonl", "bbox")
    assert measure(runner, folder) == pytest.approx(theirs, abs=1e-6)


def test_yolo_files_with_the_same_boxes(runner, folder, truths):
    data = write_coco(folder, truths)
    (folder / "instances.json").unlink()
    write_yolo(folder, truths)
    for row in data["annotations"]:
        row |= {"area": row["bbox"][2] * row["bbox"][3], "iscrowd": 0}
    theirs = call_pycocotools(data, folder.parent / "out.jsonl", "bbox")
    assert measure(runner, folder) == pytest.approx(theirs, abs=1e-6)
