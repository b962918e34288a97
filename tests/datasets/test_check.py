"""What is odd about a data set as a whole, and what it has."""

import json

import attrs
import numpy as np
import pytest
from labelled_folders import write_class_folders, write_masks, write_picture, write_voc
from PIL import Image

from runner_core.datasets import (
    check_dataset,
    join_duplicates,
    measure_dataset,
    open_dataset,
    to_results,
)


def messages_of(survey):
    return [finding.message for finding in survey.findings]


def test_statistics_count_what_is_there(tmp_path):
    statistics = measure_dataset(open_dataset(write_voc(tmp_path)))
    assert (statistics.pictures, statistics.empty) == (3, 1)
    assert statistics.instances == {"cup": 3, "plate": 1}
    assert statistics.shown == {"cup": 2, "plate": 1}
    assert (statistics.width.median, statistics.height.median) == (80, 60)
    sides = sorted(np.sqrt([32 * 28, 32 * 48, 24 * 30, 30 * 30]) / 80)
    assert statistics.side.median == pytest.approx((sides[1] + sides[2]) / 2, abs=1e-5)
    assert (statistics.density.median, statistics.parts) == (2, {"": 3})
    assert json.loads(json.dumps(statistics.to_json()))["side"]["median"] == statistics.side.median


def test_what_is_ignored_does_not_count(tmp_path):
    write_voc(tmp_path)
    path = tmp_path / "Annotations" / "c.xml"
    path.write_text(path.read_text().replace("<difficult>0", "<difficult>1"))
    statistics = measure_dataset(open_dataset(tmp_path))
    assert (statistics.instances["cup"], statistics.empty) == (1, 2)


def test_pixels_of_class_maps_are_shared_out(tmp_path):
    pixels = measure_dataset(open_dataset(write_masks(tmp_path))).pixels
    assert pixels == {
        "background": pytest.approx(119 / 159, abs=1e-5),
        "cup": pytest.approx(40 / 159, abs=1e-5),
        "plate": 0,
    }


def test_a_sound_data_set_has_no_findings_but_rare_classes(tmp_path):
    survey = check_dataset(open_dataset(write_voc(tmp_path)))
    assert messages_of(survey) == ["one picture alone shows plate"]
    assert survey.ok


def test_a_class_without_examples_is_said(tmp_path):
    write_voc(tmp_path)
    (tmp_path / "labelmap.txt").write_text("cup:::\nplate:::\nfork:::\n")
    assert "no picture shows fork" in messages_of(check_dataset(open_dataset(tmp_path)))


def test_a_picture_that_cannot_be_read_is_left_out(tmp_path):
    dataset = open_dataset(write_voc(tmp_path))
    (tmp_path / "JPEGImages" / "a.jpg").write_bytes(b"\xff\xd8\xff no picture")
    survey = check_dataset(dataset)
    assert [example.key for example in survey.dataset] == ["JPEGImages/b.jpg", "JPEGImages/c.jpg"]
    assert not survey.ok
    (finding,) = [each for each in survey.findings if not each.repaired]
    assert finding.place == str(tmp_path / "JPEGImages" / "a.jpg")


def test_labels_that_cannot_be_read_any_more_are_said_with_file_and_line(tmp_path):
    dataset = open_dataset(write_voc(tmp_path))
    (tmp_path / "Annotations" / "a.xml").write_text("<annotation>\n<")
    (finding,) = [each for each in check_dataset(dataset).findings if not each.repaired]
    assert finding.place == f"{tmp_path / 'Annotations' / 'a.xml'}:2"


def test_equal_pictures_are_said_and_most_of_all_those_in_two_parts(tmp_path):
    write_class_folders(tmp_path)
    same = (tmp_path / "train" / "cup" / "1.jpg").read_bytes()
    (tmp_path / "train" / "cup" / "9.jpg").write_bytes(same)
    (tmp_path / "val" / "cup" / "3.jpg").write_bytes(same)
    survey = check_dataset(open_dataset(tmp_path))
    assert messages_of(survey) == [
        "the same as train/cup/1.jpg",
        "in val, and the same as train/cup/1.jpg in train",
    ]
    assert survey.ok


def test_nearly_equal_pictures_in_two_parts_are_found_however_they_are_stored(tmp_path):
    write_class_folders(tmp_path)
    with Image.open(tmp_path / "train" / "plate" / "2.jpg") as image:
        image.resize((160, 120), Image.Resampling.BICUBIC).save(tmp_path / "val" / "plate" / "7.jpg", quality=60)
    survey = check_dataset(open_dataset(tmp_path))
    assert messages_of(survey) == ["in val, and nearly the same as train/plate/2.jpg in train"]
    assert [pair.exact for pair in survey.duplicates] == [False]


def test_pages_with_other_text_are_not_taken_for_the_same(tmp_path):
    generator = np.random.default_rng(1)
    for number in range(12):
        page = np.full((400, 300), 250, np.uint8)
        for line in range(30, 370, 12):
            words = generator.integers(0, 2, 44).repeat(6)
            page[line : line + 6, 18:282] -= (words * 160).astype(np.uint8)
        path = tmp_path / ("train" if number % 2 else "val") / ("cup" if number < 6 else "plate") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(page).save(path)
    assert check_dataset(open_dataset(tmp_path)).duplicates == ()


def test_a_thing_that_was_moved_makes_another_picture(tmp_path):
    patches = np.random.default_rng(2).integers(0, 256, (4, 5, 3), np.uint8)
    table = Image.fromarray(patches).resize((320, 240), Image.Resampling.BICUBIC)
    for number, part in enumerate(("train", "val")):
        for name, left in (("cup", 20), ("plate", 180)):
            picture = table.copy()
            picture.paste((40, 40, 40), (left + 60 * number, 80, left + 130 + 60 * number, 150))
            path = tmp_path / part / name / "1.jpg"
            path.parent.mkdir(parents=True)
            picture.save(path)
    assert check_dataset(open_dataset(tmp_path)).duplicates == ()


def test_pictures_that_are_all_the_same_are_one_finding(tmp_path):
    write_voc(tmp_path)
    for name in "bc":
        write_picture(tmp_path / "JPEGImages" / f"{name}.jpg", 0)
    survey = check_dataset(open_dataset(tmp_path))
    assert "all pictures are the same" in messages_of(survey)
    assert len(survey.findings) == 2


def test_duplicates_stay_on_one_side_of_a_split(tmp_path):
    for number in range(16):
        write_picture(tmp_path / ("cup" if number % 2 else "plate") / f"{number}.png", number // 4)
    dataset = open_dataset(tmp_path)
    joined = join_duplicates(dataset, check_dataset(dataset).duplicates)
    assert len({example.group for example in joined}) == 4
    rest, held = joined.split(0.5)
    assert {len(rest), len(held)} <= {4, 8, 12}


def test_one_key_twice_is_said(tmp_path):
    dataset = open_dataset(write_voc(tmp_path))
    twice = attrs.evolve(dataset, examples=(*dataset.examples, dataset[0]))
    assert "the picture JPEGImages/a.jpg is there twice" in messages_of(check_dataset(twice))


def test_each_picture_is_told_once_while_it_is_looked_at(tmp_path):
    told = []
    check_dataset(open_dataset(write_voc(tmp_path)), watch=lambda: told.append(1))
    assert len(told) == 3


def test_results_have_the_truth_or_why_there_is_none(tmp_path):
    dataset = open_dataset(write_voc(tmp_path))
    (tmp_path / "JPEGImages" / "b.jpg").write_bytes(b"")
    results = list(to_results(dataset))
    assert [result.frame.file_name for result in results] == [f"JPEGImages/{name}.jpg" for name in "abc"]
    assert results[0].answers[0].names == ["cup", "plate"]
    assert results[1].error.kind == "DatasetError"
