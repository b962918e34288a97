"""CocoSink with form=results: what pycocotools makes of the files, and how it scores them."""

import contextlib
import io
import json

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from runner_export.coco import CocoSink

from runner_core import Frame, Inference, LabelMap, Mask, Result, run
from runner_core.errors import UsageError
from runner_core.testing import check_sink, conformance, sample_results

SIZE = (96, 64)


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(lambda place: CocoSink(f"{place}?form=results"), str(tmp_path / "new" / "out.json"))


def frame(index=0, source="a.jpg", time=None) -> Frame:
    return Frame.from_array(np.zeros((64, 96, 3), np.uint8), source=source, index=index, time=time)


def answer(brain="page", names=("page",), first=1, **columns) -> Inference:
    rows = len(next(iter(columns.values())))
    columns = {"model_ids": np.full(rows, first)} | columns
    return Inference(brain=brain, task="any", size=SIZE, labels=LabelMap.from_names(names, first=first), **columns)


def written(path, *results, truth=None):
    """The rows, and the dataset of the images, after a whole run."""
    options = f"?form=results&truth={truth}" if truth else "?form=results"
    with CocoSink(f"{path}{options}").open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})
    return json.loads(path.read_text()), json.loads(path.with_suffix(".images.json").read_text())


def quietly(call, *args):
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*args)


def scored(truth, rows, kind="bbox", **parameters) -> list[float]:
    """COCO's twelve (or ten) numbers: AP, AP50, AP75, ..."""
    dataset = truth if isinstance(truth, COCO) else loaded(truth)
    evaluation = COCOeval(dataset, quietly(dataset.loadRes, rows), kind)
    for name, value in parameters.items():
        setattr(evaluation.params, name, value)
    for step in (evaluation.evaluate, evaluation.accumulate, evaluation.summarize):
        quietly(step)
    return evaluation.stats.tolist()


def loaded(dataset) -> COCO:
    coco = quietly(COCO)
    coco.dataset = dataset
    quietly(coco.createIndex)
    return coco


def annotated(images, boxes, **more):
    """The dataset that was written, with these boxes (image, x, y, width, height) as the truth."""
    rows = [
        {"id": number, "image_id": image, "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0} | more
        for number, (image, *box) in enumerate(boxes, 1)
    ]
    return images | {"annotations": rows}


def test_boxes_get_the_precision_that_they_deserve(tmp_path):
    """Of two pages the first is met exactly, the second by an IoU of 0.6: found at 0.5 and 0.55 and 0.6."""
    exact = answer(boxes=[[10, 10, 30, 30]], scores=[0.9])
    shifted = answer(boxes=[[10, 10, 30, 30]], scores=[0.8])  # of a page that is 15 high: 300 of 400 are its own
    rows, images = written(tmp_path / "out.json", Result(frame(0), (exact,)), Result(frame(1, "b.jpg"), (shifted,)))
    ap, ap50, ap75, *_ = scored(annotated(images, [(1, 10, 10, 20, 20), (2, 10, 10, 20, 12.4)]), rows)
    whole, half = 1.0, 51 / 101  # precision stays 1 up to the recall that is reached, at 101 steps of recall
    assert (ap50, ap75) == pytest.approx((whole, half))
    assert ap == pytest.approx((3 * whole + 7 * half) / 10)


def test_the_demos_networks_are_scored_against_its_truth(tmp_path, pictures, demo_brains):
    """Through COCO's own tools, by the numbers that the truth has for pictures and classes."""
    truth = pictures / "truth.json"
    shuffled = json.loads(truth.read_text())
    for part, key in (("images", "id"), ("categories", "id")):
        for entry in shuffled[part]:
            entry[key] += 40
    for entry in shuffled["annotations"]:
        entry["image_id"] += 40
        entry["category_id"] += 40
    other = tmp_path / "instances.json"
    other.write_text(json.dumps(shuffled))
    run(str(pictures), demo_brains, [f"coco:{tmp_path / 'out.json'}?form=results&truth={other}"])
    for category, least in ((41, 0.95), (42, 0.8)):
        ap50 = scored(quietly(COCO, str(other)), str(tmp_path / "out.json"), catIds=[category])[1]
        assert ap50 > least
    images = json.loads((tmp_path / "out.images.json").read_text())
    assert {image["id"] for image in images["images"]} == {image["id"] for image in shuffled["images"]}
    known = {category["id"]: category["name"] for category in shuffled["categories"]}
    assert {category["id"]: category["name"] for category in images["categories"]} == known


def test_a_picture_that_is_not_in_the_truth_is_left_out(tmp_path, caplog):
    truth = {"images": [{"id": 7, "file_name": "b/a.jpg"}], "categories": [{"id": 3, "name": "page"}]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    results = [
        Result(frame(index, source), (answer(names=("graph", "page"), boxes=[[1, 1, 2, 2]], model_ids=[2]),))
        for index, source in enumerate(["x/b/a.jpg", "x/c/a.jpg"])
    ]
    rows, images = written(tmp_path / "out.json", *results, truth=tmp_path / "truth.json")
    assert [(row["image_id"], row["category_id"]) for row in rows] == [(7, 3)]
    assert [(image["id"], image["file_name"]) for image in images["images"]] == [(7, "b/a.jpg")]
    assert [category["id"] for category in images["categories"] if category["name"] == "graph"] == [1]
    assert "x/c/a.jpg: not among the pictures of the truth" in caplog.text


@pytest.mark.parametrize("text", ["", "[]", '{"images": [{}]}', '{"images": 3}'])
def test_an_invalid_truth_is_reported_before_the_run(tmp_path, text):
    (tmp_path / "truth.json").write_text(text)
    with pytest.raises(UsageError, match=r"truth\.json: not a COCO dataset"):
        CocoSink(f"{tmp_path}/out.json?truth={tmp_path}/truth.json")
    with pytest.raises(UsageError, match=r"missing\.json: cannot be read"):
        CocoSink(f"{tmp_path}/out.json?truth={tmp_path}/missing.json")


def test_masks_are_scored_as_segmentations(tmp_path):
    array = np.zeros((64, 96), bool)
    array[10:30, 10:30] = True
    segmented = answer(masks=(Mask(array=array),), scores=[0.9])
    rows, images = written(tmp_path / "out.json", Result(frame(), (segmented,)))
    truth = annotated(images, [(1, 10, 10, 20, 20)], segmentation=Mask(array=array).rle)
    assert scored(truth, rows, "segm")[0] == pytest.approx(1)
    part = array.copy()
    part[10:30, 10:18] = False  # an IoU of 0.6, whatever the boxes
    truth = annotated(images, [(1, 10, 10, 20, 20)], segmentation=Mask(array=part).rle)
    assert scored(truth, rows, "segm")[1:3] == pytest.approx([1, 0])


def test_keypoints_are_scored_as_keypoints(tmp_path):
    points = np.array([[[x, 10 + x, 0.9] for x in range(10, 27)]], np.float32)
    rows, images = written(tmp_path / "out.json", Result(frame(), (answer(keypoints=points, scores=[0.9]),)))
    seen = [number for x in range(10, 27) for number in (x, 10 + x, 2)]
    truth = annotated(images, [(1, 5, 15, 30, 30)], keypoints=seen, num_keypoints=17)
    assert scored(truth, rows, "keypoints")[0] == pytest.approx(1)


def test_answers_of_every_kind_load_together(tmp_path, caplog):
    """COCO's tools judge a file by its first row: each row has a box, whatever its brain gives."""
    rows, images = written(tmp_path / "out.json", *sample_results())
    found = quietly(loaded(images).loadRes, str(tmp_path / "out.json"))
    assert {row["image_id"] for row in rows} == {1, 3, 4}
    assert len(found.anns) == len(rows) == 8
    by_key = {key: [row for row in rows if key in row] for key in ("segmentation", "keypoints")}
    (mask, *_), (points,) = by_key["segmentation"], by_key["keypoints"]
    assert (mask["bbox"], points["bbox"]) == ([24, 16, 48, 32], [30, 20, 0, 0])
    assert "brain names: COCO cannot hold instances without box" in caplog.text
    assert caplog.text.count("brain pixels: ") == 1


def test_a_mask_without_a_box_has_the_box_around_it(tmp_path):
    array = np.zeros((64, 96), bool)
    array[10:30, 20:25] = True
    rows, _ = written(tmp_path / "out.json", Result(frame(), (answer(masks=(Mask(array=array),)),)))
    assert rows[0]["bbox"] == [20, 10, 5, 20]
    assert rows[0]["score"] == 1.0
    assert rows[0]["segmentation"]["size"] == [64, 96]
