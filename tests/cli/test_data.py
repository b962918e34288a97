"""``runner data``: what is in a data set, what is odd, and the way to another format."""

import json

import pytest
from labelled_folders import write_class_folders, write_masks, write_picture, write_voc

from runner_core.datasets import open_dataset


def flat(text):
    """Without the borders of tables."""
    return " ".join(text.replace("│", " ").split())


def test_a_sound_data_set_is_counted(runner, tmp_path):
    done = runner("data", write_voc(tmp_path / "set"), COLUMNS="160")
    assert (done.returncode, done.stderr) == (0, "")
    text = flat(done.stdout)
    assert "cup 3 2" in text
    assert "plate 1 1" in text
    assert "object-detection: 3 pictures, 1 of them with nothing labelled" in text
    assert "pictures: 80 wide, 60 high" in text
    assert "one picture alone shows plate the class stays" in text
    assert open_dataset(tmp_path / "set").fingerprint() in text


def test_what_cannot_be_used_ends_with_1_and_is_listed_with_its_line(runner, tmp_path):
    write_voc(tmp_path / "set")
    path = tmp_path / "set" / "Annotations" / "a.xml"
    path.write_text(path.read_text().replace("<xmax>42<", "<xmax>11<"))
    done = runner("data", tmp_path / "set", COLUMNS="160")
    assert done.returncode == 1
    assert "a.xml:4 a box of cup is no more than one pixel wide: 10 12 11 40 left out" in flat(done.stdout)


def test_parts_and_twins_are_shown(runner, tmp_path):
    write_class_folders(tmp_path / "set")
    same = (tmp_path / "set" / "train" / "cup" / "1.jpg").read_bytes()
    (tmp_path / "set" / "val" / "cup" / "3.jpg").write_bytes(same)
    done = runner("data", tmp_path / "set", COLUMNS="160")
    assert done.returncode == 0
    assert "classification: 4 pictures (2 in train, 2 in val)" in flat(done.stdout)
    assert "copies among the pictures: 1 exact, 0 near" in flat(done.stdout)
    assert "figures on one flatter" in flat(done.stdout)
    assert "2 pictures," in flat(runner("data", tmp_path / "set", "--part", "val").stdout)


def test_class_maps_are_counted_by_pixels(runner, tmp_path):
    assert "cup 25.2% of the pixels 1" in flat(runner("data", write_masks(tmp_path / "set"), COLUMNS="160").stdout)


def test_a_long_list_is_cut_unless_all_is_asked_for(runner, tmp_path):
    write_voc(tmp_path / "set")
    for number in range(25):
        write_picture(tmp_path / "set" / f"new{number}.png", 100 + number)
    done = runner("data", tmp_path / "set", COLUMNS="160")
    assert done.stdout.count("a picture without labels") == 20
    assert "and 6 more: --all lists them" in done.stdout
    assert runner("data", tmp_path / "set", "--all", COLUMNS="160").stdout.count("a picture without labels") == 25


def test_json_has_all_of_it(runner, tmp_path):
    done = runner("data", write_voc(tmp_path / "set"), "--json")
    data = json.loads(done.stdout)
    assert data["statistics"]["instances"] == {"cup": 3, "plate": 1}
    assert data["classes"] == ["cup", "plate"]
    assert data["fingerprint"] == open_dataset(tmp_path / "set").fingerprint()
    assert [finding["message"] for finding in data["findings"]] == ["one picture alone shows plate"]


@pytest.mark.parametrize("sink", ["coco:out.json", "yolo:out", "voc:out", "images:out"])
def test_it_is_written_in_another_format(sink, runner, tmp_path):
    done = runner("data", write_voc(tmp_path / "set"), "--to", sink)
    assert done.returncode == 0, done.stderr
    if sink == "yolo:out":
        again = open_dataset(tmp_path / "out" / "labels")
        assert [example.read().answer.names for example in again] == [["cup", "plate"], [], ["cup", "cup"]]
    elif sink == "images:out":
        assert len(list((tmp_path / "out").rglob("*.jpg"))) == 3


def test_nothing_is_written_among_the_pictures(runner, tmp_path):
    write_voc(tmp_path / "set")
    for sink in (f"images:{tmp_path}/set", f"yolo:{tmp_path}/set/JPEGImages/out", f"voc:{tmp_path}"):
        done = runner("data", tmp_path / "set", "--to", sink)
        assert done.returncode == 2
        assert "among the pictures that are read" in done.stderr
    assert not list((tmp_path / "set").rglob("*.yaml"))


def test_wrong_use_is_one_line(runner, tmp_path):
    write_voc(tmp_path / "set")
    for arguments, code, message in (
        (("data", "missing"), 1, "missing: no such file or folder"),
        (("data", "set", "--form", "vocc"), 2, "did you mean voc?"),
        (("data", "set", "--part", "vla"), 1, "has no part 'vla'"),
        (("data", "set?clases=cup"), 2, "no option 'clases' of the format voc"),
    ):
        done = runner(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
        assert message in done.stderr
