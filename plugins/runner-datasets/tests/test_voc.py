"""Pascal VOC as it is found: difficult objects, lists of parts, names that lie, broken files."""

import numpy as np
import pytest
from labelled_folders import write_picture, write_voc
from PIL import Image

from runner_core.datasets import open_dataset
from runner_core.errors import DatasetError

BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n<annotation><name>&b;</name></annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<annotation><filename>&a;</filename></annotation>'


def edit(folder, name, old, new):
    path = folder / "Annotations" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_box_is_of_whole_pixels_counted_from_1(tmp_path):
    write_voc(tmp_path)
    edit(tmp_path, "a.xml", "<xmin>11</xmin>", "<xmin>1</xmin>")
    assert open_dataset(tmp_path)[0].read().answer.boxes[0].tolist() == [0, 12, 42, 40]


def test_what_is_difficult_is_ignored(tmp_path):
    write_voc(tmp_path)
    edit(tmp_path, "c.xml", "<difficult>0", "<difficult>1")
    assert open_dataset(tmp_path)[2].read().ignored == {0, 1}


def test_xml_and_pictures_side_by_side_have_the_parts_of_their_folders(tmp_path):
    write_voc(tmp_path / "x")
    for part, names in {"train": "ab", "valid": "c"}.items():
        (tmp_path / "set" / part).mkdir(parents=True)
        for name in names:
            (tmp_path / "x/JPEGImages" / f"{name}.jpg").rename(tmp_path / "set" / part / f"{name}.jpg")
            (tmp_path / "x/Annotations" / f"{name}.xml").rename(tmp_path / "set" / part / f"{name}.xml")
    assert [(each.key, each.part) for each in open_dataset(tmp_path / "set")] == [
        ("train/a.jpg", "train"), ("train/b.jpg", "train"), ("valid/c.jpg", "val"),
    ]  # fmt: skip


def test_a_picture_is_found_by_the_name_of_its_xml_where_the_name_in_it_is_another(tmp_path):
    write_voc(tmp_path)
    edit(tmp_path, "a.xml", "<filename>a.jpg", "<filename>DSC_0001.png")
    assert open_dataset(tmp_path)[0].read().answer.names == ["cup", "plate"]


def test_what_has_no_partner_and_what_cannot_be_read_is_left_out_and_said(tmp_path):
    write_voc(tmp_path)
    write_picture(tmp_path / "JPEGImages" / "new.jpg")
    (tmp_path / "JPEGImages" / "b.jpg").unlink()
    edit(tmp_path, "c.xml", "</size>", "</siz>")
    dataset = open_dataset(tmp_path)
    assert [each.key for each in dataset] == ["JPEGImages/a.jpg"]
    assert [(each.place.rpartition("/")[2], each.message) for each in dataset.findings] == [
        ("b.xml", "the picture 'b.jpg' is missing"),
        ("c.xml:3", "not XML that is read here (mismatched tag: line 3, column 60)"),
        ("c.jpg", "a picture without labels"),
        ("new.jpg", "a picture without labels"),
    ]


@pytest.mark.parametrize("text", [BOMB, OUTSIDE], ids=["bomb", "outside"])
def test_entities_are_refused(text, tmp_path):
    write_voc(tmp_path)
    (tmp_path / "Annotations" / "a.xml").write_text(text)
    dataset = open_dataset(tmp_path, form="voc")
    assert len(dataset) == 2
    assert "a document type or an entity" in dataset.findings[0].message


def test_xml_in_another_encoding_is_read_as_it_says(tmp_path):
    write_voc(tmp_path)
    path = tmp_path / "Annotations" / "a.xml"
    text = path.read_text().replace("cup", "Küche")
    path.write_bytes(b'<?xml version="1.0" encoding="iso-8859-1"?>' + text.encode("latin-1"))
    assert open_dataset(tmp_path)[0].read().answer.names == ["Küche", "plate"]


def test_labels_of_a_picture_that_was_resized_are_scaled_and_it_is_said(tmp_path):
    write_voc(tmp_path)
    write_picture(tmp_path / "JPEGImages" / "a.jpg", size=(160, 120))
    truth = open_dataset(tmp_path)[0].read()
    assert truth.answer.boxes[0].tolist() == [20, 24, 84, 80]
    assert [(each.message, each.repaired) for each in truth.findings] == [
        ("the labels are of a picture of 80 x 60, it has 160 x 120", "scaled")
    ]


@pytest.mark.parametrize(
    ("orientation", "box"),
    [(5, [12, 10, 40, 42]), (6, [20, 10, 48, 42]), (7, [20, 38, 48, 70]), (8, [12, 38, 40, 70])],
)
def test_labels_of_a_picture_as_it_lies_in_its_file_are_turned_with_it(orientation, box, tmp_path):
    write_voc(tmp_path)
    path = tmp_path / "JPEGImages" / "a.jpg"
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[12:40, 10:42] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    example = open_dataset(tmp_path)[0]
    truth = example.read()
    assert truth.answer.boxes[0].tolist() == box
    x1, y1, x2, y2 = box
    upright = example.make_frame().pixels[..., 0] > 128
    assert upright[y1:y2, x1:x2].mean() > 0.9
    assert upright.sum() == pytest.approx(32 * 28, rel=0.1)
    assert [each.repaired for each in truth.findings] == ["turned as its EXIF data say"]


def test_pictures_of_one_name_belong_to_the_labels_that_are_nearest(tmp_path):
    for part in ("train", "test"):
        write_voc(tmp_path / part)
    dataset = open_dataset(tmp_path)
    assert [(each.key, each.part) for each in dataset][::3] == [
        ("test/JPEGImages/a.jpg", "test"), ("train/JPEGImages/a.jpg", "train"),
    ]  # fmt: skip
    assert dataset.findings == ()


def test_a_box_that_does_not_fit_is_cut_or_left_out_with_its_line(tmp_path):
    write_voc(tmp_path)
    edit(tmp_path, "a.xml", "<xmax>42</xmax>", "<xmax>142</xmax>")
    edit(tmp_path, "a.xml", "<xmin>45</xmin>", "<xmin>nothing</xmin>")
    truth = open_dataset(tmp_path)[0].read()
    assert truth.answer.boxes.tolist() == [[10, 12, 80, 40]]
    assert [(each.place.rpartition("/")[2], each.message, each.repaired) for each in truth.findings] == [
        ("a.xml:6", "'plate' has no box of four numbers", ""),
        ("a.xml:4", "a box of cup reaches 62 pixels out of the picture", "cut at its border"),
    ]


def test_classes_of_a_labelmap_are_all_there_are(tmp_path):
    write_voc(tmp_path)
    (tmp_path / "labelmap.txt").write_text("# label:color_rgb:parts:actions\nbackground:0,0,0::\nplate:1,2,3::\n")
    dataset = open_dataset(tmp_path)
    assert dataset.labels.names == ("plate",)
    assert [each.message for each in dataset[0].read().findings] == ["'cup' is no class of the data set"]


def test_a_folder_without_labels_is_refused(tmp_path):
    write_picture(tmp_path / "a.jpg")
    with pytest.raises(DatasetError, match=r"no picture with labels; a picture without labels"):
        open_dataset(tmp_path, form="voc")
