"""CVAT (by datumaro), FiftyOne and Label Studio read what is written for them, where they are installed.

They are large, and need not be installed for the tests: ``pip install datumaro``, ``fiftyone``,
``label-studio-sdk``, each in an environment of its own.
"""

import importlib
import json

import numpy as np
import pytest
from runner_export.coco import CocoSink
from runner_export.label_studio import LabelStudioSink
from runner_export.voc import VocSink

from runner_core import Frame, Inference, LabelMap, Mask, Result
from runner_core.testing import sample_results

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # theirs are not our errors

SIZE = (96, 64)
BOX = (24.0, 16.0, 72.0, 48.0)


@pytest.fixture
def array() -> np.ndarray:
    """A mask with a hole, and a part apart."""
    mask = np.zeros((64, 96), bool)
    mask[16:48, 24:60] = True
    mask[20:30, 30:40] = False
    mask[16:48, 64:72] = True
    return mask


@pytest.fixture
def dataset(tmp_path, array):
    """A box, a mask, and nothing, in three pictures."""
    columns = {"labels": LabelMap.from_names(["page", "graph"], first=1), "size": SIZE, "boxes": [BOX]}
    answers = [
        Inference(brain="a", task="any", model_ids=np.array([1]), scores=[0.75], **columns),
        Inference(brain="a", task="any", model_ids=np.array([2]), masks=(Mask(array=array),), **columns),
    ]
    return write(tmp_path / "annotations" / "instances_default.json", [[each] for each in answers] + [[]])


@pytest.fixture
def poses(tmp_path):
    points = np.array([[[x, 10 + x, 0.9] for x in range(10, 27)]], np.float32)
    points[0, 3, 2] = 0.1
    person = Inference(
        brain="a", task="keypoints", size=SIZE, labels=LabelMap.from_names(["person"]), model_ids=np.array([0]),
        keypoints=points, boxes=[BOX], scores=[0.5],
    )  # fmt: skip
    return write(tmp_path / "annotations" / "person_keypoints_default.json", [[person]])


def write(path, answers):
    with CocoSink(str(path)).open() as writer:
        for index, each in enumerate(answers):
            frame = Frame.from_array(np.zeros((64, 96, 3), np.uint8), source=f"in/{index}.png", index=index)
            frame.file_name = f"{index}.png"
            writer.write(Result(frame, tuple(each)))
    return path


def need(name: str):
    """A module, or of a package that is not installed the test's skipping."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not installed")


def drawn(polygons) -> np.ndarray:
    mask_utils = need("pycocotools.mask")
    rle = mask_utils.merge(mask_utils.frPyObjects([list(map(float, each)) for each in polygons], 64, 96))
    return mask_utils.decode(rle).astype(bool)


class TestCvat:
    """Its parser of both formats is datumaro's."""

    def items(self, path, kind):
        (path.parents[1] / "images").mkdir()  # it asks for one
        found = need("datumaro.components.dataset").Dataset.import_from(str(path), kind)
        return found.categories(), {item.id: item for item in found}

    def test_boxes_and_masks(self, dataset, array):
        categories, items = self.items(dataset, "coco_instances")
        (labels,) = categories.values()
        assert [label.name for label in labels.items] == ["page", "graph"]
        assert sorted(items) == ["0", "1", "2"]
        (box,) = items["0"].annotations
        assert (labels.items[box.label].name, box.attributes) == ("page", {"score": 0.75, "is_crowd": False})
        assert tuple(box.points) == BOX
        assert items["0"].media.size == (64, 96)
        (polygon,) = (each for each in items["1"].annotations if each.type.name == "polygon")
        assert np.array_equal(drawn([polygon.points]), array)
        assert items["2"].annotations == []

    def test_keypoints(self, poses):
        categories, items = self.items(poses, "coco_person_keypoints")
        (points,) = (each for each in items["0"].annotations if each.type.name == "points")
        assert list(points.points)[:4] == [10, 20, 11, 21]
        assert [each.value for each in points.visibility][2:5] == [2, 0, 2]
        (named,) = (each for kind, each in categories.items() if kind.name == "points")
        assert named.items[0].labels[0] == "nose"
        assert (16, 14) in {tuple(joint) for joint in named.items[0].joints}

    def test_voc(self, tmp_path):
        with VocSink(str(tmp_path / "voc")).open() as writer:
            for result in sample_results():
                writer.write(result)
        dataset = need("datumaro.components.dataset").Dataset.import_from(str(tmp_path / "voc"), "voc")
        names = [label.name for label in next(iter(dataset.categories().values())).items]
        first = next(item for item in dataset if item.id == "sample-0")
        boxes = [each for each in first.annotations if each.type.name == "bbox"]
        assert len(dataset) == 4
        assert [names[each.label] for each in boxes] == ["page", "graph"]
        assert boxes[0].get_bbox() == pytest.approx([24, 16, 48, 32], abs=1)  # it does not count from 1
        assert float(boxes[0].attributes["score"]) == pytest.approx(0.9)


class TestFiftyOne:
    """Its parser, which needs no database."""

    def parsed(self, path):
        parser = need("fiftyone.utils.coco")
        _, classes, categories, images, found = parser.load_coco_detection_annotations(str(path))
        return classes, categories, {images[number]["file_name"]: each for number, each in found.items()}, images

    def test_boxes_and_masks(self, dataset, array):
        classes, categories, found, images = self.parsed(dataset)
        assert classes == {1: "page", 2: "graph"}
        assert [each["file_name"] for each in images.values()] == ["0.png", "1.png", "2.png"]
        ((box,), (masked,)) = found["0.png"], found["1.png"]
        detection = box.to_detection(SIZE, classes_map=classes, supercategory_map=categories)
        assert (detection.label, detection.confidence) == ("page", 0.75)
        np.testing.assert_allclose(detection.bounding_box, [0.25, 0.25, 0.5, 0.5])
        detection = masked.to_detection(SIZE, classes_map=classes, load_segmentation=True)
        assert np.array_equal(detection.mask.astype(bool), array[16:48, 24:72])

    def test_keypoints(self, poses):
        classes, _, found, _ = self.parsed(poses)
        points = np.array(found["0.png"][0].to_keypoints(SIZE, classes_map=classes).points)
        np.testing.assert_allclose(points[0], [10 / 96, 20 / 64])
        assert np.isnan(points[3]).all()


class TestLabelStudio:
    """Its converter, which makes tasks of a dataset."""

    def tasks(self, path):
        convert = need("label_studio_sdk.converter.imports.coco").convert_coco_to_ls
        out = path.with_name("tasks.json")
        convert(str(path), str(out), image_root_url="/data/")
        return {task["data"]["image"]: task["annotations"][0]["result"] for task in json.loads(out.read_text())}

    def test_boxes_and_masks(self, dataset, array):
        tasks = self.tasks(dataset)
        assert list(tasks) == ["/data/0.png", "/data/1.png", "/data/2.png"]
        (box,) = tasks["/data/0.png"]
        assert box["value"]["rectanglelabels"] == ["page"]
        assert [box["value"][key] for key in ("x", "y", "width", "height")] == [25, 25, 50, 50]
        _, polygon = tasks["/data/1.png"]
        assert polygon["value"]["polygonlabels"] == ["graph"]
        points = np.array(polygon["value"]["points"]) / 100 * SIZE
        assert np.array_equal(drawn([points.ravel()]), array)

    def test_keypoints(self, poses):
        (results,) = self.tasks(poses).values()
        points = [each["value"] for each in results if each["type"] == "keypointlabels"]
        assert len(points) == 17
        assert points[0]["x"] == pytest.approx(1000 / 96)
        assert [point.get("hidden", False) for point in points][2:5] == [False, True, False]

    def test_predictions_fit_their_labeling_config(self, tmp_path):
        path = tmp_path / "out.json"
        with LabelStudioSink(str(path)).open() as writer:
            for result in sample_results():
                writer.write(result)
        config = path.with_suffix(".config.xml").read_text()
        interface = need("label_studio_sdk.label_interface").LabelInterface(config)
        tasks = json.loads(path.read_text())
        predictions = [each for task in tasks for each in task["predictions"]]
        assert len(predictions) == 6
        assert [interface.validate_prediction(each, return_errors=True) for each in predictions] == [[]] * 6
