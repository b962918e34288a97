"""LabelStudioSink: tasks and labeling config, read back from percents into pixels."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from pycocotools import mask as mask_utils
from runner_export.label_studio import LabelStudioSink

from runner_core import Frame, Inference, LabelMap, Mask, Result, run
from runner_core.testing import check_sink, conformance, sample_frame, sample_inference, sample_results

SIZE = (96, 64)


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(LabelStudioSink, str(tmp_path / "new" / "out.json"))


def answer(names=("page",), brain="p", **columns) -> Inference:
    rows = len(next(iter(columns.values())))
    columns = {"model_ids": np.zeros(rows, int)} | columns
    return Inference(brain=brain, task="any", size=SIZE, labels=LabelMap.from_names(names), **columns)


def written(path, *results, options=""):
    """The tasks, and control tag -> its name and labels."""
    with LabelStudioSink(f"{path}{options}").open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})
    controls = ET.parse(path.with_suffix(".config.xml")).getroot()
    labels = {each.tag: (each.get("name"), [label.get("value") for label in each]) for each in controls}
    return json.loads(path.read_text()), labels


def regions(tasks):
    ((prediction,),) = (task["predictions"] for task in tasks)
    return prediction["result"]


def to_pixels(points):
    return np.array(points) / 100 * SIZE


def test_a_task_for_each_picture_and_a_prediction_for_each_brain(tmp_path):
    both = (sample_inference(), sample_inference("other", rows=1))
    tasks, labels = written(tmp_path / "out.json", Result(sample_frame(), both), *sample_results()[1:2])
    assert [task["data"]["image"] for task in tasks] == [f"/data/local-files/?d=sample-{n}.png" for n in (0, 1)]
    first, second = tasks[0]["predictions"]
    assert (first["model_version"], second["model_version"]) == ("sample 1", "other 1")
    assert first["score"] == pytest.approx(0.7)
    assert tasks[1]["predictions"][0]["result"] == []
    names = [region["id"] for each in (first, second) for region in each["result"]]
    assert len(set(names)) == 3
    assert labels == {"Image": ("image", []), "RectangleLabels": ("box", ["page", "graph"])}


def test_boxes_are_rectangles(tmp_path):
    tasks, _ = written(tmp_path / "out.json", Result(sample_frame(), (sample_inference(),)))
    first, second = regions(tasks)
    value = first["value"]
    assert [value[key] for key in ("x", "y", "width", "height", "rotation")] == [25, 25, 50, 50, 0]
    assert value["rectanglelabels"] == ["page"]
    assert (first["type"], first["from_name"], first["to_name"]) == ("rectanglelabels", "box", "image")
    assert (first["original_width"], first["original_height"]) == SIZE
    assert first["score"] == pytest.approx(0.9)
    assert second["value"]["rectanglelabels"] == ["graph"]


@pytest.mark.parametrize("angle", [0.3, -0.3, 2.0])
def test_a_turned_box_turns_about_its_upper_left_corner(tmp_path, angle):
    """Label Studio's rule; the corners are computed here by it, and must be the box's."""
    turned = answer(boxes=[[30, 20, 60, 40]], angles=[angle])
    (region,) = regions(written(tmp_path / "out.json", Result(sample_frame(), (turned,)))[0])
    value = region["value"]
    assert 0 <= value["rotation"] < 360
    across, down = to_pixels([value["width"], value["height"]])
    turn = np.radians(value["rotation"])
    along = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])  # its sides' directions
    corners = to_pixels([value["x"], value["y"]]) + np.array([[0, 0], [across, 0], [across, down], [0, down]]) @ along
    np.testing.assert_allclose(corners, turned.corners[0], atol=1e-3)


def test_masks_are_polygons_of_exactly_their_pixels(tmp_path):
    array = np.zeros((64, 96), bool)
    array[16:48, 24:60] = True
    array[20:30, 30:40] = False
    array[16:48, 64:72] = True
    masks = (Mask(array=array), Mask(array=np.zeros((64, 96), bool)))
    tasks, labels = written(tmp_path / "out.json", Result(sample_frame(), (answer(masks=masks),)))
    (region,) = regions(tasks)  # none of the empty one
    polygon = [to_pixels(region["value"]["points"]).ravel().tolist()]
    drawn = mask_utils.decode(mask_utils.merge(mask_utils.frPyObjects(polygon, 64, 96)))
    assert np.array_equal(drawn.astype(bool), array)
    assert region["value"]["polygonlabels"] == ["page"]
    assert labels["PolygonLabels"] == ("mask", ["page"])


def test_keypoints_are_named_and_belong_to_their_box(tmp_path):
    points = np.array([[[x, 10 + x, 0.9] for x in range(10, 27)]], np.float32)
    points[0, 3, 2] = 0.1
    pose = answer(["person"], keypoints=points, boxes=[[5, 5, 40, 40]], scores=[0.5])
    tasks, labels = written(tmp_path / "out.json", Result(sample_frame(), (pose,)))
    box, *found = regions(tasks)
    assert [region["parentID"] for region in found] == [box["id"]] * 16
    assert [region["value"]["keypointlabels"] for region in found[:4]] == [
        ["nose"], ["left_eye"], ["right_eye"], ["right_ear"],
    ]  # fmt: skip
    np.testing.assert_allclose(to_pixels([found[0]["value"]["x"], found[0]["value"]["y"]]), [10, 20])
    assert found[0]["score"] == pytest.approx(0.9)
    assert len(labels["KeyPointLabels"][1]) == 17


def test_keypoints_alone_have_no_parent(tmp_path):
    tasks, labels = written(
        tmp_path / "out.json", Result(sample_frame(), (answer(["hand"], keypoints=[[[1, 2, 0.9], [3, 4, 0.8]]]),))
    )
    assert [("parentID" in each, each["value"]["keypointlabels"]) for each in regions(tasks)] == [
        (False, ["hand 1"]), (False, ["hand 2"]),
    ]  # fmt: skip
    assert list(labels) == ["Image", "KeyPointLabels"]


def test_a_label_of_the_whole_picture_is_a_choice_and_a_bare_class_map_is_reported(tmp_path, caplog):
    tasks, labels = written(tmp_path / "out.json", *sample_results())
    predictions = {each["model_version"]: each for task in tasks for each in task["predictions"]}
    (choice,) = predictions["names 1"]["result"]
    assert (choice["type"], choice["value"]) == ("choices", {"choices": ["graph"]})
    assert choice["score"] == pytest.approx(0.7)
    assert labels["Choices"] == ("class", ["page", "graph"])
    assert caplog.text.count("brain pixels: a class map without masks is left out") == 1


def test_every_region_fits_the_labeling_config(tmp_path):
    """Its name and its label are there: else Label Studio refuses the file."""
    odd = answer(["a\nb <c> & \x07"], "odd", boxes=[[1, 1, 9, 9]])
    tasks, labels = written(tmp_path / "out.json", *sample_results(), Result(sample_frame(9), (odd,)))
    known = dict(labels.values())
    found = [region for task in tasks for each in task["predictions"] for region in each["result"]]
    assert {region["type"] for region in found} == {"rectanglelabels", "polygonlabels", "keypointlabels", "choices"}
    for region in found:
        (label,) = region["value"][region["type"]]
        assert label in known[region["from_name"]]


def test_addresses(tmp_path):
    frames = [
        Frame.from_array(np.zeros((64, 96, 3), np.uint8), source=name) for name in ("a b#.png", "https://h/c.png")
    ]
    results = [Result(each, (sample_inference(),)) for each in frames]
    tasks, _ = written(tmp_path / "out.json", *results, options="?images=https://host/set/")
    assert [task["data"]["image"] for task in tasks] == ["https://host/set/a%20b%23.png", "https://h/c.png"]


def test_pictures_are_addressed_below_the_folder_that_is_read(tmp_path, pictures, demo_brains):
    run(str(pictures), demo_brains[:1], [f"label-studio:{tmp_path / 'out.json'}"])
    tasks = json.loads((tmp_path / "out.json").read_text())
    names = sorted(path.name for path in pictures.glob("*.jpg"))
    assert [task["data"]["image"].rpartition("=")[2] for task in tasks] == names
