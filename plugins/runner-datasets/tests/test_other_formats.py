"""JSON lines of a run, folders of classes, and masks."""

import json

import numpy as np
import pytest
from labelled_folders import write_class_folders, write_jsonl, write_masks, write_picture, write_pictures
from PIL import Image

from runner_core import Project
from runner_core.datasets import open_dataset
from runner_core.errors import DatasetError
from runner_core.pipeline import run


def test_what_a_run_wrote_is_read_and_a_corrected_line_counts(tmp_path):
    with Project("demo").get_model("page") as page:
        run("demo:pictures", [page], sinks=[f"jsonl:{tmp_path / 'out.jsonl'}"])
    path = tmp_path / "out.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for instance in lines[0]["inferences"][0]["instances"]:
        instance["label"] = "letter"
    path.write_text("\n".join(map(json.dumps, lines)))
    dataset = open_dataset(path)
    assert dataset.labels.names == ("letter", "page")
    assert len(dataset) == len(lines) - 1
    assert set(dataset[0].read().answer.names) == {"letter"}
    for example, line in zip(dataset, lines, strict=False):
        instances = line["inferences"][0]["instances"]
        answer = example.read().answer
        assert (answer.scores, answer.brain, len(answer)) == (None, "", len(instances))
        expected = np.reshape([instance["box"] for instance in instances], (-1, 4))
        assert np.allclose(answer.boxes, expected.clip(0, [*answer.size, *answer.size]), atol=1.01)


def test_json_lines_of_several_brains_need_one_to_be_named(tmp_path):
    path = write_jsonl(tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0]["inferences"].append(lines[0]["inferences"][0] | {"brain": "yours"})
    path.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(DatasetError, match=r"answers of mine, yours; choose one: \?brain=mine"):
        open_dataset(path)
    assert len(open_dataset(f"{path}?brain=yours")) == 1
    with pytest.raises(DatasetError, match="no answers of 'ours'; there are those of mine, yours"):
        open_dataset(f"{path}?brain=ours")


def test_json_lines_keep_what_scores_enough_and_say_which_lines_are_none(tmp_path):
    path = write_jsonl(tmp_path)
    lines = path.read_text().replace('"score": 0.9', '"score": 0.4', 1).splitlines()
    path.write_text("\n".join([lines[0], '{"source": "x", "inferences": 7}', *lines[1:]]))
    dataset = open_dataset(f"{path}?conf=0.5")
    assert [each.read().answer.names for each in dataset] == [["plate"], [], ["cup", "cup"]]
    (finding,) = dataset.findings
    assert finding.place.endswith("out.jsonl:2")


def test_json_lines_find_their_pictures_in_another_folder(tmp_path):
    path = write_jsonl(tmp_path / "answers")
    write_pictures(tmp_path / "pictures" / "deep")
    for picture in (tmp_path / "answers").glob("*.jpg"):
        picture.unlink()
    with pytest.raises(DatasetError, match=r"none of its pictures is there; say where they are: \?pictures=DIR"):
        open_dataset(path)
    assert [each.key for each in open_dataset(f"{path}?pictures={tmp_path / 'pictures'}")] == [
        "deep/a.jpg", "deep/b.jpg", "deep/c.jpg",
    ]  # fmt: skip


def test_of_a_classification_the_first_class_counts(tmp_path):
    path = write_jsonl(tmp_path)
    rows = [{"id": row, "label": name, "file_id": row, "score": 0.9 - row / 2} for row, name in enumerate("xy")]
    answer = {"brain": "b", "version": "1", "task": "classification", "engine": "", "ms": {}, "instances": rows}
    line = {"source": "a.jpg", "index": 0, "time": None, "size": [80, 60], "inferences": [answer]}
    path.write_text(json.dumps(line))
    dataset = open_dataset(path)
    assert (dataset.kind, dataset.labels.names, dataset[0].read().answer.names) == ("classification", ("x", "y"), ["x"])


def test_folders_are_classes_below_those_of_parts(tmp_path):
    dataset = open_dataset(write_class_folders(tmp_path))
    assert (dataset.kind, dataset.labels.names) == ("classification", ("cup", "plate"))
    assert [(each.key, each.part, each.read().answer.names) for each in dataset] == [
        ("train/cup/1.jpg", "train", ["cup"]), ("train/plate/2.jpg", "train", ["plate"]),
        ("val/cup/3.jpg", "val", ["cup"]), ("val/plate/sub/4.jpg", "val", ["plate"]),
    ]  # fmt: skip
    assert {each.part for each in open_dataset(tmp_path / "train")} == {""}


def test_a_picture_beside_the_folders_of_classes_is_left_out(tmp_path):
    write_class_folders(tmp_path)
    write_picture(tmp_path / "train" / "5.jpg")
    dataset = open_dataset(tmp_path)
    assert len(dataset) == 4
    assert [each.message for each in dataset.findings] == ["a picture in no folder of a class"]


def test_masks_are_class_maps_with_a_row_for_each_class_but_the_background(tmp_path):
    dataset = open_dataset(write_masks(tmp_path))
    assert (dataset.kind, dataset.labels.names) == ("semantic-segmentation", ("background", "cup", "plate"))
    answer, empty = (each.read().answer for each in dataset)
    assert (answer.names, empty.names) == (["cup"], [])
    assert dataset[0].read().findings == ()
    assert answer.boxes.tolist() == [[0, 0, 40, 60]]
    assert np.unique(answer.class_map[:, :40]).tolist() == [1]
    assert np.unique(answer.class_map[:, 40]).tolist() == [-1]
    again = type(answer).from_json(json.loads(json.dumps(answer.to_json())))
    assert np.array_equal(again.class_map, answer.class_map)


def test_masks_with_a_list_of_classes_and_notes_are_not_taken_for_labels_of_boxes(tmp_path, caplog):
    write_masks(tmp_path)
    (tmp_path / "notes.txt").write_text("Taken in June.\n")
    assert open_dataset(tmp_path).kind == "semantic-segmentation"
    assert not caplog.messages


def test_masks_in_colours_follow_the_labelmap(tmp_path):
    write_masks(tmp_path)
    (tmp_path / "classes.txt").unlink()
    (tmp_path / "labelmap.txt").write_text("# label:color_rgb:parts:actions\ncup:128,0,0::\nbackground:0,0,0::\n")
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[:30] = 128, 0, 0
    pixels[30] = 224, 224, 192
    Image.fromarray(pixels).save(tmp_path / "masks" / "b.png")
    dataset = open_dataset(tmp_path)
    assert dataset.labels.names == ("background", "cup")
    assert np.unique(dataset[0].read().answer.class_map).tolist() == [-1, 0, 1]
    class_map = dataset[1].read().answer.class_map
    assert [class_map[row, 0] for row in (0, 30, 31)] == [1, -1, 0]


def test_black_and_white_masks_are_of_two_classes(tmp_path):
    write_masks(tmp_path)
    white = np.zeros((60, 80), np.uint8)
    white[:10] = 255
    Image.fromarray(white).save(tmp_path / "masks" / "a.png")
    dataset = open_dataset(f"{tmp_path}?names=background,page")
    assert dataset[0].read().answer.names == ["page"]


def test_a_mask_of_another_size_or_class_and_one_that_is_missing_are_said(tmp_path):
    write_masks(tmp_path)
    Image.fromarray(np.zeros((6, 8), np.uint8)).save(tmp_path / "masks" / "a.png")
    Image.fromarray(np.full((60, 80), 9, np.uint8)).save(tmp_path / "masks" / "b.png")
    write_picture(tmp_path / "images" / "c.jpg")
    dataset = open_dataset(tmp_path)
    with pytest.raises(DatasetError, match=r"a\.png: a mask of 8 x 6 for a picture of 80 x 60"):
        dataset[0].read()
    assert [each.message for each in dataset[1].read().findings] == ["class 9 is not among the 3 of the data set"]
    assert [each.message for each in dataset.findings] == ["a picture without a mask"]


def test_masks_without_names_say_where_to_write_them(tmp_path):
    write_masks(tmp_path)
    (tmp_path / "classes.txt").unlink()
    with pytest.raises(DatasetError, match=r"no list of classes; write classes\.txt, or \?names=background,road"):
        open_dataset(tmp_path)
