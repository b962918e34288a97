"""The forms of others, read by others."""

import contextlib
import io
import json

import attrs
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import LabelError
from runner_core.results.formats import coco_results, from_supervision, to_supervision, yolo_text
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask

sv = pytest.importorskip("supervision")

LABELS = LabelMap((Label(1, 17, "page"), Label(2, 18, "graph")))
BOXES = np.float32([[10, 5, 30, 25], [0, 0, 59.5, 39.5]])


def rectangle(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    array = np.zeros((40, 60), bool)
    array[round(y1) : round(y2), round(x1) : round(x2)] = True
    return array


def sample(**columns: object) -> Inference:
    return Inference(
        brain="demo", task="object-detection", size=(60, 40), labels=LABELS, model_ids=[1, 2],
        **{"boxes": BOXES, "scores": [0.9, 0.75], **columns},
    )  # fmt: skip


def truth() -> COCO:
    """The same two things as COCO's ground truth."""
    coco = COCO()
    annotations = []
    for number, (box, category) in enumerate(zip(BOXES.tolist(), (17, 18), strict=True), 1):
        mask = Mask(array=rectangle(*box))
        x1, y1, x2, y2 = box
        annotations.append({
            "id": number, "image_id": 1, "category_id": category, "iscrowd": 0, "area": mask.area,
            "bbox": [x1, y1, x2 - x1, y2 - y1], "segmentation": mask.rle,
            "keypoints": [x1, y1, 2, x2, y2, 2], "num_keypoints": 2,
        })  # fmt: skip
    coco.dataset = {
        "info": {}, "images": [{"id": 1, "width": 60, "height": 40}], "annotations": annotations,
        "categories": [{"id": 17, "name": "page"}, {"id": 18, "name": "graph"}],
    }  # fmt: skip
    coco.createIndex()
    return coco


@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
def test_coco_reads_and_marks_the_results(kind, capsys):
    columns = {
        "bbox": {},
        "segm": {"masks": tuple(Mask(array=rectangle(*box)) for box in BOXES.tolist()), "boxes": None},
        "keypoints": {"keypoints": [[(*box[:2], 2), (*box[2:], 2)] for box in BOXES.tolist()]},
    }
    results = json.loads(json.dumps(coco_results(sample(**columns[kind]), 1)))
    truths = truth()
    evaluation = COCOeval(truths, truths.loadRes(results), kind)
    evaluation.params.kpt_oks_sigmas = np.full(2, 0.05)
    evaluation.evaluate()
    evaluation.accumulate()
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)
    capsys.readouterr()


def test_the_fields_of_a_coco_result():
    page, _ = coco_results(sample(), 139)
    assert page == {"image_id": 139, "category_id": 17, "score": pytest.approx(0.9), "bbox": [10.0, 5.0, 20.0, 20.0]}
    assert coco_results(sample(scores=None, boxes=None), "a")[1] == {"image_id": "a", "category_id": 18}
    assert coco_results(sample().take(np.array([], int)), 1) == []


def test_yolo_text():
    assert yolo_text(sample()) == (
        "1 0.333333 0.375000 0.333333 0.500000\n"
        "2 0.495833 0.493750 0.991667 0.987500\n"
    )  # fmt: skip
    assert yolo_text(sample(), scores=True).splitlines()[0].split()[5] == "0.900000"
    assert yolo_text(sample(boxes=None)) == ""
    assert yolo_text(sample().take(np.array([], int))) == ""


def test_the_classes_of_yolo_text_are_places_in_the_names():
    answer = sample()
    other, page = reversed(answer.names)
    text = yolo_text(answer, names=["cup", other, page])
    assert [line.split()[0] for line in text.splitlines()] == ["2", "1"]
    with pytest.raises(LabelError, match=f"have no '{page}'; known: cup, {other}"):
        yolo_text(answer, names=["cup", other])


def test_yolo_text_as_supervision_reads_it(tmp_path):
    (tmp_path / "a.txt").write_text(yolo_text(attrs.evolve(sample(), model_ids=[0, 1])))
    from supervision.dataset.formats.yolo import yolo_annotations_to_detections

    read = yolo_annotations_to_detections(
        (tmp_path / "a.txt").read_text().splitlines(), resolution_wh=(60, 40), with_masks=False
    )
    np.testing.assert_allclose(read.xyxy, BOXES, atol=1e-3)
    assert read.class_id.tolist() == [0, 1]


class TestSupervision:
    def full(self) -> Inference:
        return sample(masks=tuple(Mask(array=rectangle(*box)) for box in BOXES.tolist()), tracks=[3, 8])

    def test_there(self):
        answer = self.full()
        detections = to_supervision(answer, sv.Detections)
        assert isinstance(detections, sv.Detections)
        np.testing.assert_array_equal(detections.xyxy, BOXES)
        np.testing.assert_array_equal(detections.confidence, answer.scores)
        assert detections.class_id.tolist() == [1, 2]
        assert detections.tracker_id.tolist() == [3, 8]
        assert detections["class_name"].tolist() == ["page", "graph"]
        assert detections["file_id"].tolist() == [17, 18]
        np.testing.assert_array_equal(detections.mask[0], answer.masks[0].array)

    def test_and_back(self):
        for answer in (self.full(), sample(), sample(scores=None)):
            detections = to_supervision(answer, sv.Detections)
            assert from_supervision(detections, brain="demo", size=(60, 40)) == answer

    def test_what_supervision_does_reaches_nothing_here(self):
        answer = sample()
        detections = to_supervision(answer, sv.Detections)
        detections.xyxy[:] += 5
        detections.confidence[:] = 0
        np.testing.assert_array_equal(answer.boxes, BOXES)
        assert answer.scores[0] > 0.8

    def test_supervision_can_work_with_it(self):
        detections = to_supervision(self.full(), sv.Detections)
        kept = detections[detections.confidence > 0.8]
        assert from_supervision(kept, brain="demo", size=(60, 40)).names == ["page"]
        merged = sv.Detections.merge([detections, detections]).with_nms(0.5)
        assert from_supervision(merged, brain="demo", size=(60, 40)) == self.full()
        assert np.array_equal(detections.area, [m.area for m in self.full().masks])

    def test_nothing_found(self):
        empty = self.full().take(np.array([], int))
        detections = to_supervision(empty, sv.Detections)
        assert len(detections) == 0
        assert len(from_supervision(detections, brain="demo", size=(60, 40))) == 0
        assert len(from_supervision(sv.Detections.empty(), brain="demo", size=(60, 40))) == 0

    def test_strangers(self):
        bare = sv.Detections(xyxy=np.array([[0, 0, 5, 5], [1, 1, 9, 9]]))
        answer = from_supervision(bare, brain="theirs", size=(60, 40), task="tracking")
        assert (answer.brain, answer.task, answer.names, answer.scores) == ("theirs", "tracking", ["class 0"] * 2, None)
        assert answer.boxes.dtype == np.float32

    def test_the_best_comes_first(self):
        mixed = sv.Detections(
            xyxy=np.array([[0, 0, 5, 5], [1, 1, 9, 9]]), confidence=np.array([0.2, 0.7]), class_id=np.array([4, 6]),
            data={"class_name": np.array(["cup", "cat"])},
        )  # fmt: skip
        answer = from_supervision(mixed, brain="theirs", size=(60, 40))
        assert answer.names == ["cat", "cup"]
        assert answer.boxes[0].tolist() == [1, 1, 9, 9]

    def test_compact_masks(self):
        compact = sv.detection.compact_mask.CompactMask.from_dense(
            np.stack([rectangle(*box) for box in BOXES.tolist()]), BOXES, (40, 60)
        )
        detections = sv.Detections(
            xyxy=BOXES, mask=compact, class_id=np.array([1, 2]), confidence=np.array([0.9, 0.75])
        )
        assert from_supervision(detections, brain="demo", size=(60, 40)).masks == self.full().masks
