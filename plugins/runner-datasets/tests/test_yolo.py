"""YOLO folders as they are found: polygons, turned boxes, poses, lists, parts, and lines that say nothing."""

import math
import shutil

import numpy as np
import pytest
from labelled_folders import write_picture, write_yolo

from runner_core.datasets import open_dataset
from runner_core.errors import DatasetError, UsageError


@pytest.fixture
def write(tmp_path):
    """Writes the labels of the first picture anew, and more of ``data.yaml``."""

    def write(labels, more=""):
        write_yolo(tmp_path)
        (tmp_path / "labels" / "train" / "a.txt").write_text(labels)
        (tmp_path / "labels" / "train" / "c.txt").unlink()
        with (tmp_path / "data.yaml").open("a") as config:
            config.write(more)
        return tmp_path

    return write


def test_a_polygon_makes_masks_and_a_box_among_them_one_of_its_own(write):
    dataset = open_dataset(write("0 0 0 0.5 0 0.5 0.5\n1 0.75 0.75 0.25 0.5\n"))
    answer = dataset[0].read().answer
    assert dataset.kind == "instance-segmentation"
    assert answer.boxes.tolist() == [[0, 0, 40, 30], [50, 30, 70, 60]]
    assert answer.masks[0].area == pytest.approx(600, abs=25)
    assert answer.masks[1].area == 600


def test_four_corners_on_every_line_are_turned_boxes_unless_polygons_are_asked_for(write, caplog):
    corners = np.array([[30, 10], [50, 30], [40, 40], [20, 20]]) / (80, 60)
    folder = write("1 " + " ".join(f"{number:.6f}" for number in corners.ravel()) + "\n")
    with caplog.at_level("INFO", "runner"):
        answer = open_dataset(folder)[0].read().answer
    assert "taken for turned boxes; ?form=segments makes polygons" in caplog.text
    assert answer.angles[0] == pytest.approx(math.pi / 4, abs=1e-4)
    assert np.allclose(answer.corners[0], corners * (80, 60), atol=0.01)
    assert open_dataset(f"{folder}?form=segments").kind == "instance-segmentation"


@pytest.mark.parametrize(("width", "last"), [(3, "0.5 0.5 1"), (2, "0.5 0.5")])
def test_poses_have_keypoints(width, last, write):
    first = "0.25 0.25 2" if width == 3 else "0.25 0.25"
    dataset = open_dataset(write(f"0 0.5 0.5 0.5 0.5 {first} {last}\n", f"kpt_shape: [2, {width}]\n"))
    points = dataset[0].read().answer.keypoints
    assert dataset.kind == "keypoints"
    assert points.tolist() == [[[20, 15, 1], [40, 30, 0.5 if width == 3 else 1]]]
    assert dataset[1].read().answer.keypoints.shape == (0, 2, 3)


def test_parts_are_folders_lists_or_several_of_these(tmp_path):
    write_yolo(tmp_path)
    write_picture(tmp_path / "images" / "more" / "d.jpg")
    (tmp_path / "held.txt").write_text("./images/train/c.jpg\n/home/me/set/images/train/b.jpg\n\n")
    shutil.move(tmp_path / "images" / "train" / "b.jpg", tmp_path / "images" / "b.jpg")
    (tmp_path / "data.yaml").write_text(
        "path: /home/me/set\ntrain: [images/train, images/more]\nval: held.txt\nnames: [cup, plate]\n"
    )
    dataset = open_dataset(tmp_path)
    assert [(each.key, each.part) for each in dataset] == [
        ("images/train/a.jpg", "train"), ("images/train/c.jpg", "train"), ("images/more/d.jpg", "train"),
    ]  # fmt: skip
    assert [each.message.replace(str(tmp_path), "") for each in dataset.findings] == [
        "/images/train/c.jpg is in train and in val",
        "the picture /home/me/set/images/train/b.jpg is missing",
    ]


def test_train_and_val_of_the_same_folder_are_no_parts(write):
    folder = write("0 0.5 0.5 0.5 0.5\n", "val: images/train\n")
    assert {each.part for each in open_dataset(folder)} == {""}


def test_a_folder_above_the_config_is_found_below_it_as_roboflow_means_it(tmp_path):
    write_yolo(tmp_path / "train")
    shutil.move(tmp_path / "train" / "data.yaml", tmp_path / "data.yaml")
    (tmp_path / "data.yaml").write_text("train: ../train/images\nnc: 2\nnames: ['cup', 'plate']\n")
    assert len(open_dataset(tmp_path)) == 3


def test_cvats_folder_with_obj_names_is_read(tmp_path):
    for seed, name in enumerate("ab"):
        write_picture(tmp_path / "obj_train_data" / f"{name}.jpg", seed)
        (tmp_path / "obj_train_data" / f"{name}.txt").write_text("1 0.5 0.5 0.5 0.5\n")
    (tmp_path / "obj.names").write_text("cup\nplate\n")
    (tmp_path / "obj.data").write_text("classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n")
    (tmp_path / "train.txt").write_text("data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n")
    dataset = open_dataset(tmp_path)
    assert [(each.key, each.part, each.read().answer.names) for each in dataset] == [
        ("obj_train_data/a.jpg", "train", ["plate"]), ("obj_train_data/b.jpg", "train", ["plate"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7 0.5 0.5 0.5 0.5", "class 7 is not among the 2 of the data set"),
        ("0.5 0.5 0.5 0.5 0.5", "class 0.5 is not among the 2 of the data set"),
        ("cup 0.5 0.5 0.5 0.5", "a line whose class is 'cup', not a number"),
        ("0 0.5 0.5 half 0.5", "a line that holds what is not a number"),
        ("0 0.5 0.5", "cup: a line of 2 numbers is neither a box nor a polygon"),
        ("0 320 240 100 90", "cup: its numbers are not shares of the picture, 0 to 1"),
        ("0 nan 0.5 0.5 0.5", "cup: its numbers are not shares of the picture, 0 to 1"),
        ("0 0.5 0.5 0 0.5", "a box of cup has no area: 40 15 40 45"),
    ],
)
def test_a_line_that_says_nothing_is_left_out_with_its_number(line, message, write):
    truth = open_dataset(write(f"1 0.5 0.5 0.5 0.5\n\n{line}\n"))[0].read()
    assert truth.answer.names == ["plate"]
    assert [(each.place.rpartition("/")[2], each.message) for each in truth.findings] == [("a.txt:3", message)]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("train: images/train\nnames: [cup\n", r"data\.yaml:3: not YAML"),
        ("train: images/train\nnames: {1: cup, -1: plate}\n", r"numbered from -1 to 1"),
        ("train: images/train\nnames: {0: cup, 99999999999: plate}\n", r"numbered from 0 to 99999999999"),
        ("train: images/train\nnames:\n", r"no names of classes; write names"),
        ("train: images/trian\nnames: [cup]\n", r"no such folder or list: images/trian"),
        ("train: labels\nnames: [cup]\n", r"it names no picture that is there"),
        ("train: images/train\nnames: [cup]\nkpt_shape: 17\n", r"kpt_shape is 17, not \[17, 3\]"),
        ("train: &a [images/train, *a]\nnames: [cup]\n", r"not YAML that is read here \(aliases are not read\)"),
    ],
)
def test_a_config_that_cannot_be_followed_says_where(config, message, tmp_path):
    write_yolo(tmp_path)
    (tmp_path / "data.yaml").write_text(config)
    with pytest.raises(DatasetError, match=message):
        open_dataset(tmp_path, form="yolo")


def test_pictures_without_any_labels_are_not_taken_for_pictures_of_nothing(tmp_path):
    write_yolo(tmp_path)
    shutil.rmtree(tmp_path / "labels")
    with pytest.raises(DatasetError, match=r"no picture has labels; the first would have .*labels/train/a\.txt"):
        open_dataset(tmp_path)


def test_an_unknown_form_and_poses_without_a_shape_are_refused(tmp_path):
    write_yolo(tmp_path)
    with pytest.raises(UsageError, match="form=box is not one of boxes, segments, obb, pose"):
        open_dataset(f"{tmp_path}?form=box")
    with pytest.raises(UsageError, match="needs kpt_shape"):
        open_dataset(f"{tmp_path}?form=pose")
