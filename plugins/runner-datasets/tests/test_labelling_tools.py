"""Exports of Label Studio, CVAT and labelme beyond boxes, and what is wrong in them."""

import base64
import io
import json
import math

import numpy as np
import pytest
from labelled_folders import (
    HEIGHT,
    WIDTH,
    label_studio_tasks,
    write_cvat,
    write_label_studio,
    write_labelme,
    write_picture,
    write_pictures,
)
from PIL import Image

from runner_core.datasets import open_dataset
from runner_core.errors import DatasetError

SIZE = {"original_width": WIDTH, "original_height": HEIGHT}


def pack_bits(pixels):
    """Bytes as rle-pack writes them where nothing repeats: one block of words of 8 bits."""
    bits = f"{len(pixels):032b}{7:05b}" + f"{15:04b}" * 4
    bits += "".join(f"000{len(part) - 1:016b}" + "".join(f"{byte:08b}" for byte in part) for part in chunk(pixels))
    bits += "0" * (-len(bits) % 8)
    return [int(bits[place : place + 8], 2) for place in range(0, len(bits), 8)]


def chunk(pixels, most=30_000):
    return [pixels[place : place + most] for place in range(0, len(pixels), most)]


@pytest.fixture
def label_studio(tmp_path):
    """The data set of tasks whose first has these regions."""

    def read(*regions, edit=lambda tasks: None, options=""):
        write_label_studio(tmp_path)
        tasks = label_studio_tasks()
        if regions:
            tasks[0]["annotations"][0]["result"] = list(regions)
        edit(tasks)
        (tmp_path / "project-1.json").write_text(json.dumps(tasks))
        return open_dataset(f"{tmp_path}{options}")

    return read


def test_label_studio_turns_a_box_about_its_upper_left_corner(label_studio):
    value = {"x": 50, "y": 50, "width": 25, "height": 25, "rotation": 90, "rectanglelabels": ["cup"]}
    answer = label_studio({"id": "1", "value": value, **SIZE})[0].read().answer
    assert answer.angles[0] == pytest.approx(math.pi / 2)
    assert answer.outer_boxes[0].tolist() == pytest.approx([25, 30, 40, 50], abs=1e-3)


def test_label_studio_has_polygons_ellipses_and_brushes(label_studio):
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[10:20, 30:50] = 255
    answer = label_studio(
        {"value": {"points": [[0, 0], [50, 0], [50, 50], [0, 50]], "polygonlabels": ["cup"]}, **SIZE},
        {"value": {"x": 50, "y": 50, "radiusX": 25, "radiusY": 25, "ellipselabels": ["plate"]}, **SIZE},
        {"value": {"format": "rle", "rle": pack_bits(pixels.ravel().tolist()), "brushlabels": ["cup"]}, **SIZE},
    )[0].read().answer  # fmt: skip
    assert answer.task == "instance-segmentation"
    assert answer.masks[0].area == 40 * 30
    assert answer.masks[1].area == pytest.approx(math.pi * 20 * 15, rel=0.02)
    assert np.array_equal(answer.masks[2].array, pixels[..., 3] > 0)


def test_label_studio_has_keypoints_of_regions_and_choices(label_studio):
    box = {"x": 0, "y": 0, "width": 50, "height": 50, "rectanglelabels": ["cup"]}
    point = {"x": 25, "y": 25, "width": 1, "keypointlabels": ["handle"]}
    dataset = label_studio(
        {"id": "one", "value": box, **SIZE}, {"id": "two", "parentID": "one", "value": point, **SIZE},
        {"id": "three", "value": point, **SIZE},
    )  # fmt: skip
    truth = dataset[0].read()
    assert truth.answer.keypoints.tolist() == [[[20, 15, 1]]]
    assert [each.message for each in truth.findings] == ["a keypoint of no region"]

    def choose(tasks):
        for task in tasks:
            task["annotations"][0]["result"] = [{"type": "choices", "value": {"choices": ["nice"]}}]

    chosen = label_studio(edit=choose)
    assert (chosen.kind, chosen[0].read().answer.names) == ("classification", ["nice"])


def test_label_studio_counts_what_people_said_and_skips_what_they_have_not_seen(label_studio, caplog):
    def edit(tasks):
        tasks[0]["annotations"].insert(0, {"was_cancelled": True, "result": []})
        tasks[1]["annotations"] = []

    dataset = label_studio(edit=edit)
    assert [each.key for each in dataset] == ["a.jpg", "c.jpg"]
    assert dataset[0].read().answer.names == ["cup", "plate"]
    assert [each.message for each in dataset.findings] == ["a task without annotations"]

    def predict(tasks):
        for task in tasks:
            task["predictions"] = task.pop("annotations")

    with caplog.at_level("INFO", "runner"):
        assert len(label_studio(edit=predict)) == 3
    assert "their predictions are taken for true" in caplog.text


def test_label_studios_short_export_is_read(label_studio):
    def shorten(tasks):
        for task in tasks:
            regions = [region["value"] | SIZE for region in task["annotations"][0]["result"]]
            picture = task["data"]["image"]
            task.clear()
            task.update({"image": picture, "label": regions} if regions else {"image": picture})

    dataset = label_studio(edit=shorten)
    assert [each.read().answer.names for each in dataset] == [["cup", "plate"], [], ["cup", "cup"]]


@pytest.mark.parametrize(
    "region",
    [
        {"value": {"x": 1, "y": 2, "width": 30, "height": 40, "rectanglelabels": ["cup"]}},
        {"value": {"x": "1", "y": 2, "width": 3, "height": 4, "rectanglelabels": ["cup"]}, **SIZE},
        {"value": {"x": 1, "y": 2, "width": 3, "height": 4}, **SIZE},
        {"value": {"format": "rle", "rle": [0, 0, 0, 9], "brushlabels": ["cup"]}, **SIZE},
        {"value": {"format": "rle", "rle": [255] * 8, "brushlabels": ["cup"]}, **SIZE},
        {"value": None}, None, 7,
    ],
)  # fmt: skip
def test_a_region_that_cannot_be_read_is_left_out(region, label_studio):
    truth = label_studio(region)[0].read()
    assert len(truth.answer) == 0
    assert ["region 1" in each.place for each in truth.findings] == [True]


def test_cvat_has_turned_boxes_shapes_masks_and_subsets(tmp_path):
    write_picture(tmp_path / "images" / "a.jpg")
    (tmp_path / "annotations.xml").write_text(
        "<annotations>\n<meta><job><labels><label><name>cup</name></label></labels></job></meta>"
        '<image id="0" name="a.jpg" subset="Validation" width="80" height="60">\n'
        '<box label="cup" xtl="10" ytl="10" xbr="30" ybr="20" rotation="90.00"/>\n'
        '<polygon label="cup" points="0,0;10,0;10,10;0,10"/>\n'
        '<ellipse label="cup" cx="40" cy="30" rx="10" ry="5"/>\n'
        '<mask label="cup" rle="2, 3, 1" left="70" top="50" width="3" height="2"/>\n'
        '<polyline label="cup" points="0,0;1,1"/>\n'
        '<box label="saucer" xtl="10" ytl="10" xbr="30" ybr="20"/>\n'
        '<mask label="cup" rle="5,3" left="79" top="50" width="4" height="2"/>\n'
        "</image></annotations>"
    )
    (example,) = open_dataset(tmp_path)
    truth = example.read()
    assert example.part == "val"
    assert truth.answer.outer_boxes[0].tolist() == pytest.approx([15, 5, 25, 25], abs=1e-3)
    assert [mask.area for mask in truth.answer.masks[1:]] == [100, pytest.approx(math.pi * 50, rel=0.05), 3]
    assert np.argwhere(truth.answer.masks[3].array).tolist() == [[50, 72], [51, 70], [51, 71]]
    assert [(each.place.rpartition(":")[2], each.message[:24]) for each in truth.findings] == [
        ("7", "a polyline of cup that c"), ("9", "a mask of cup that canno"), ("8", "'saucer' is no class of "),
    ]  # fmt: skip


def test_cvats_skeletons_are_keypoints_and_tags_classes_of_the_picture(tmp_path):
    write_pictures(tmp_path)
    head, tail = "<annotations><image id='0' name='a.jpg' width='80' height='60'>", "</image></annotations>"
    points = "".join(
        f'<points label="{number}" points="{number},{number}" occluded="{hidden}" outside="{absent}"/>'
        for number, hidden, absent in ((5, 0, 0), (9, 1, 0), (20, 0, 1))
    )
    (tmp_path / "annotations.xml").write_text(f'{head}<skeleton label="hand">{points}</skeleton>{tail}')
    assert open_dataset(tmp_path)[0].read().answer.keypoints.tolist() == [[[5, 5, 1], [9, 9, 0.5], [0, 0, 0]]]
    (tmp_path / "annotations.xml").write_text(f'{head}<tag label="nice"/>{tail}')
    assert open_dataset(tmp_path)[0].read().answer.names == ["nice"]


def test_cvats_format_for_videos_is_refused(tmp_path):
    write_cvat(tmp_path)
    (tmp_path / "annotations.xml").write_text('<annotations>\n<track id="0" label="cup"></track></annotations>')
    with pytest.raises(DatasetError, match="it lists no pictures; CVAT's format for videos has tracks"):
        open_dataset(tmp_path)


def test_labelme_has_polygons_circles_and_masks(tmp_path):
    write_labelme(tmp_path)
    buffer = io.BytesIO()
    Image.fromarray(np.array([[255, 0], [255, 255]], np.uint8)).save(buffer, "PNG")
    path = tmp_path / "a.json"
    data = json.loads(path.read_text())
    data["shapes"] = [
        {"label": "cup", "shape_type": "polygon", "points": [[0, 0], [10, 0], [10, 10], [0, 10]]},
        {"label": "cup", "shape_type": "circle", "points": [[40, 30], [40, 40]]},
        {
            "label": "cup", "shape_type": "mask", "points": [[70, 50], [71, 51]],
            "mask": base64.b64encode(buffer.getvalue()).decode(),
        },
        {"label": "cup", "shape_type": "point", "points": [[40, 30]]},
        {"label": "cup", "shape_type": "mask", "points": [[70, 50], [71, 51]], "mask": "AAAA"},
        {"shape_type": "polygon"},
    ]  # fmt: skip
    path.write_text(json.dumps(data))
    truth = open_dataset(tmp_path)[0].read()
    assert [mask.area for mask in truth.answer.masks] == [100, pytest.approx(math.pi * 100, rel=0.03), 3]
    assert [each.place.rpartition(" ")[2] for each in truth.findings] == ["4", "5", "6"]


def test_labelme_says_which_pictures_nobody_has_labelled(tmp_path):
    write_labelme(tmp_path)
    (tmp_path / "b.json").unlink()
    (tmp_path / "c.json").write_text("{")
    dataset = open_dataset(tmp_path)
    assert [each.key for each in dataset] == ["a.jpg"]
    assert [each.message for each in dataset.findings] == [
        "not JSON (Expecting property name enclosed in double quotes)", "a picture without labels",
        "a picture without labels",
    ]  # fmt: skip
