"""The COCO file: what is drawn comes into it, what it said before stays."""

import json

import pytest
from pycocotools.coco import COCO
from runner_liveview.labelling.label_file import LabelFile
from runner_liveview.labelling.open_labels import open_labels
from runner_liveview.labelling.sheet import Box

from runner_core.errors import DatasetError, UsageError
from runner_core.util import claim_open

SIZE = (100, 80)
FOREIGN = {
    "info": {"year": 2026},
    "images": [
        {"id": 7, "file_name": "a.png", "width": 100, "height": 80, "flickr_url": "x"},
        {"id": 9, "file_name": "b.png"},
        {"id": 11, "file_name": "a.png"},
    ],
    "annotations": [
        {"id": 3, "image_id": 7, "category_id": 5, "bbox": [10, 10, 20, 20], "area": 123, "iscrowd": 0, "who": "me",
         "segmentation": [[10, 10, 30, 10, 30, 30]], "keypoints": [20, 20, 2, 0, 0, 0]},
        {"id": 4, "image_id": 7, "category_id": 5, "bbox": [0, 0, 5, 5],
         "segmentation": {"size": [80, 100], "counts": "x"}},
        {"id": 5, "image_id": 7, "category_id": 5},
        {"id": 6, "image_id": 99, "category_id": 5, "bbox": [0, 0, 5, 5]},
        {"id": 8, "image_id": [], "category_id": {}, "bbox": "none"},
    ],
    "categories": [{"id": 5, "name": "cup", "supercategory": "thing"}],
    "licenses": [{"id": 1}],
}  # fmt: skip


@pytest.fixture
def foreign(tmp_path):
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(FOREIGN))
    return path


def again(labels):
    """The file as it is read back."""
    labels.write(labels.to_text())
    return json.loads(labels.path.read_text())


def test_what_nobody_touches_stays_as_it_is(foreign):
    read = again(LabelFile.read(foreign))
    assert {key: value for key, value in read.items() if key not in ("images", "annotations")} == {
        key: value for key, value in FOREIGN.items() if key not in ("images", "annotations")
    }
    for name in ("images", "annotations"):
        assert sorted(read[name], key=lambda entry: entry["id"]) == FOREIGN[name]


def test_a_box_that_is_moved_keeps_all_else_and_takes_its_shapes_along(foreign):
    labels = LabelFile.read(foreign)
    first, second = labels.boxes_of("a.png")
    assert (first.fixed, second.fixed) == (False, True)
    labels.put("a.png", SIZE, [Box("cup", (20, 10, 60, 30), 3), second], done=True)
    moved = next(entry for entry in again(labels)["annotations"] if entry["id"] == 3)
    assert moved == {
        "id": 3, "image_id": 7, "category_id": 5, "bbox": [20, 10, 40, 20], "area": 800, "iscrowd": 0, "who": "me",
        "segmentation": [[20, 10, 60, 10, 60, 30]], "keypoints": [40, 20, 2, 0, 0, 0],
    }  # fmt: skip


def test_what_cannot_be_shown_stays_when_all_boxes_go(foreign):
    labels = LabelFile.read(foreign)
    labels.put("a.png", SIZE, [], done=True)
    assert [entry["id"] for entry in again(labels)["annotations"]] == [5, 6, 8]


def test_a_box_that_comes_back_is_the_same_one(foreign):
    labels = LabelFile.read(foreign)
    before = labels.boxes_of("a.png")
    labels.put("a.png", SIZE, [], done=True)
    assert labels.put("a.png", SIZE, before, done=True) == [3, 4]
    assert sorted(again(labels)["annotations"], key=lambda entry: entry["id"]) == FOREIGN["annotations"]


def test_a_new_box_has_a_number_of_its_own_and_a_new_class_is_written(foreign):
    labels = LabelFile.read(foreign)
    (number,) = labels.put("b.png", SIZE, [Box("mug", (1, 2, 31, 42), 3)], done=True)  # 3 is another picture's
    read = again(labels)
    made = next(entry for entry in read["annotations"] if entry["id"] == number)
    assert number == 9
    assert made == {"id": 9, "image_id": 9, "category_id": 6, "bbox": [1, 2, 30, 40], "area": 1200, "iscrowd": 0}
    assert read["categories"][1] == {"id": 6, "name": "mug"}


def test_what_is_not_done_is_no_part_of_the_data_set_and_is_there_again(tmp_path):
    labels = LabelFile(tmp_path / "labels.json")
    labels.put("a.png", SIZE, [Box("cup", (1, 1, 9, 9))], done=False)
    labels.put("b.png", SIZE, [], done=True)
    labels.write(labels.to_text())
    official = COCO(str(labels.path))
    assert [image["file_name"] for image in official.imgs.values()] == ["b.png"]
    assert not official.anns
    back = LabelFile.read(labels.path)
    assert [box.corners for box in back.boxes_of("a.png")] == [(1, 1, 9, 9)]
    assert {name: sheet.done for name, sheet in back.sheets.items()} == {"a.png": False, "b.png": True}
    back.put("a.png", SIZE, back.boxes_of("a.png"), done=True)
    back.write(back.to_text())
    assert len(COCO(str(labels.path)).anns) == 1
    assert "unfinished" not in json.loads(labels.path.read_text())


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"images": 1}', '{"images": [1]}', '{"images": [{"file_name": "a"}]}',
     '{"categories": [{"id": 1}]}',
     '{"unfinished": {"images": [{}]}}', '{"unfinished": [1]}'],
)  # fmt: skip
def test_what_is_no_coco_is_refused_and_left_alone(text, tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match="not a COCO file"):
        open_labels(tmp_path)
    assert path.read_text() == text


def test_the_one_coco_file_of_a_folder_is_written_and_of_several_none(foreign):
    assert open_labels(foreign.parent).path == foreign
    (foreign.parent / "other.json").write_text('{"images": [], "annotations": []}')
    (foreign.parent / "notes.json").write_text("{}")
    with pytest.raises(UsageError, match=r"coco\.json, other\.json; name one"):
        open_labels(foreign.parent)
    assert open_labels(foreign.parent, foreign).boxes_of("a.png")


def test_what_a_killed_server_left_of_this_file_is_removed_at_the_next_start(tmp_path):
    left, other, in_use = (
        tmp_path / f".{name}-{digits * 6}.part"
        for name, digits in (("labels.json", "0a"), ("labels.txt", "0a"), ("labels.json", "0b"))
    )
    for path in (left, other, in_use):
        path.write_text("{")
    with in_use.open() as writing:
        claim_open(writing.fileno())
        open_labels(tmp_path)
        assert (left.exists(), other.exists(), in_use.exists()) == (False, True, True)
    open_labels(tmp_path)
    assert not in_use.exists()
