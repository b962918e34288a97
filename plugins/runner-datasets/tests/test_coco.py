"""COCO files as they are found: masks, crowds, keypoints, several files, and what is wrong in them."""

import json

import numpy as np
import pytest
from labelled_folders import coco_data, write_picture, write_pictures

from runner_core.datasets import open_dataset
from runner_core.errors import DatasetError

SQUARE = [10.0, 12.0, 42.0, 12.0, 42.0, 40.0, 10.0, 40.0]


@pytest.fixture
def write(tmp_path):
    """Writes a file beside the pictures, after an edit of its data."""

    def write(edit=lambda data: None, name="labels.json"):
        write_pictures(tmp_path)
        data = coco_data()
        edit(data)
        (tmp_path / name).write_text(json.dumps(data))
        return tmp_path

    return write


def test_ids_of_categories_stay_as_file_ids(write):
    labels = open_dataset(write()).labels.labels
    assert [(each.model_id, each.file_id, each.name) for each in labels] == [(0, 3, "cup"), (1, 5, "plate")]


def test_a_polygon_is_the_mask_of_the_pixels_whose_centres_it_encloses(write):
    def edit(data):
        data["annotations"][0]["segmentation"] = [SQUARE, [0, 0, 4, 0, 4, 4, 0, 4]]

    dataset = open_dataset(write(edit))
    one, other = dataset[0].read().answer.masks
    expected = np.zeros((60, 80), bool)
    expected[12:40, 10:42] = expected[:4, :4] = True
    assert dataset.kind == "instance-segmentation"
    assert np.array_equal(one.array, expected)
    assert other.area == 32 * 48  # of the box, where nothing else is said


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "list"])
def test_run_lengths_are_masks_and_crowds_are_ignored(packed, write):
    mask = np.zeros((60, 80), np.uint8, order="F")
    mask[12:40, 10:42] = 1
    runs = [10 * 60 + 12, *([28, 32] * 31), 28]
    segmentation = {"size": [60, 80], "counts": [*runs, 4800 - sum(runs)]}
    if packed:
        mask_tools = pytest.importorskip("pycocotools.mask")
        segmentation = mask_tools.encode(mask)
        segmentation["counts"] = segmentation["counts"].decode()

    def edit(data):
        data["annotations"][0] |= {"segmentation": segmentation, "iscrowd": 1}

    truth = open_dataset(write(edit))[0].read()
    assert np.array_equal(truth.answer.masks[0].array, mask.astype(bool))
    assert (truth.ignored, truth.findings) == ({0}, ())


def test_keypoints_have_scores_of_what_is_visible_hidden_and_not_labelled(write):
    def edit(data):
        data["annotations"][0]["keypoints"] = [11, 13, 2, 20, 21, 1, 0, 0, 0]
        data["annotations"][0]["num_keypoints"] = 2

    dataset = open_dataset(write(edit))
    assert dataset.kind == "keypoints"
    points = dataset[0].read().answer.keypoints
    assert points[0].tolist() == [[11, 13, 1], [20, 21, 0.5], [0, 0, 0]]
    assert points[1].tolist() == [[0, 0, 0]] * 3


def test_each_file_is_a_part_and_captions_say_nothing(write, tmp_path):
    write(name="instances_train2017.json")
    (tmp_path / "captions_train2017.json").write_text(json.dumps({"images": coco_data()["images"], "annotations": []}))
    write_picture(tmp_path / "d.jpg")
    image = {"id": 1, "file_name": "d.jpg", "width": 80, "height": 60}
    more = coco_data() | {"images": [image], "annotations": []}
    (tmp_path / "instances_val2017.json").write_text(json.dumps(more))
    dataset = open_dataset(tmp_path)
    assert [(each.key, each.part) for each in dataset] == [
        ("a.jpg", "train"), ("b.jpg", "train"), ("c.jpg", "train"), ("d.jpg", "val"),
    ]  # fmt: skip
    assert dataset.findings == ()


def spoil_category(data):
    data["annotations"][0]["category_id"] = 99


def spoil_image(data):
    data["annotations"][0]["image_id"] = 99


def spoil_box(data):
    data["annotations"][0]["bbox"] = [10, 12, "wide", 3]


def spoil_area(data):
    data["annotations"][0]["bbox"] = [10, 12, 0, 3]


def spoil_place(data):
    data["annotations"][0]["bbox"] = [100, 12, 20, 30]


def spoil_mask(data):
    data["annotations"][0]["segmentation"] = {"size": [4, 4], "counts": [16]}


def spoil_runs(data):
    data["annotations"][0]["segmentation"] = {"size": [60, 80], "counts": [17]}


def double_row(data):
    data["annotations"].append(data["annotations"][0] | {"id": 77})


def double_id(data):
    data["annotations"][0]["id"] = 2


def double_image(data):
    data["images"].append(data["images"][0])


def lose_picture(data):
    data["images"].append({"id": 1, "file_name": "lost.jpg"})


def lose_name(data):
    data["images"].append({"id": 1})


@pytest.mark.parametrize(
    ("edit", "count", "message", "repaired"),
    [
        (spoil_category, 1, "category 99 is no class", ""),
        (spoil_image, 1, "annotation 1: there is no such image", ""),
        (spoil_box, 1, "are no numbers", ""),
        (spoil_area, 1, "a box of cup has no area: 10 12 10 15", ""),
        (spoil_place, 1, "a box of cup is outside of the picture: 100 12 120 42", ""),
        (spoil_mask, 1, "a mask of 4 x 4 on a picture of 80 x 60", ""),
        (spoil_runs, 1, "its run lengths do not fill 80 x 60 pixels", ""),
        (double_row, 2, "a box of cup is there twice", "counted once"),
        (double_id, 2, "the id 2 is there twice", "both annotations are kept"),
        (double_image, 2, "the image id 7 is there twice", ""),
        (lose_picture, 2, "the picture 'lost.jpg' is missing", ""),
        (lose_name, 2, "image 1 has no id or no file_name", ""),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_read(edit, count, message, repaired, write):
    dataset = open_dataset(write(edit))
    truth = dataset[0].read()
    assert len(truth.answer) == count
    (finding,) = (*dataset.findings, *truth.findings)
    assert message in finding.message
    assert finding.repaired == repaired
    assert "labels.json" in finding.place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [\n{"id": }', r"labels\.json:2: not JSON"),
        ('{"images": {}, "annotations": [], "categories": []}', r"not of COCO; it needs lists"),
        ('{"images": [], "annotations": [], "categories": []}', r"not of COCO; it needs lists"),
        ('{"images": [{"id": 1, "file_name": "x.jpg"}], "annotations": []}', r"none of its pictures is there"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(text, message, write, tmp_path):
    write()
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(DatasetError, match=message):
        open_dataset(tmp_path / "labels.json", form="coco")
